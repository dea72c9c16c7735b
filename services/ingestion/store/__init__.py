"""Every statement of ingestion, one file per noun. Lots are stored as canonical JSON."""
