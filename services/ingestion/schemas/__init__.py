"""What ingestion's routes take and give."""
