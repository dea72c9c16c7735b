"""Every statement on catalog's tables."""
