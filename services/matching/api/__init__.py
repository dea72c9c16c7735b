"""The routes of matching, by resource."""
