"""What the service does: one function per verb, called by routes, handlers and jobs."""
