"""What matching does, one function per verb."""
