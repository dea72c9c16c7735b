"""What a requirement is, when a lot fits it, and why. Pure: no database, no clock, no events."""
