"""Every statement on the tables of this service, one file per noun."""
