"""Every statement on matching's tables, by noun."""
