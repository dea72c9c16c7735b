"""What newsletter does, one function per verb."""
