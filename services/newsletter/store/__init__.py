"""Every statement of newsletter, by noun."""
