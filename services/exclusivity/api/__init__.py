"""Routes of exclusivity: parse, see who asks, call one use case, shape the answer."""
