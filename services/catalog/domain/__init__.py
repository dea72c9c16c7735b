"""Decisions of catalog: pure, without clock and database."""
