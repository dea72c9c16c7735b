"""What ingestion does: one function per verb, called by routes, handlers and jobs inside their transaction."""
