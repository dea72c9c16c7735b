"""What a list means, decided without database, clock or network."""
