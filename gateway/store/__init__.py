"""Every statement on the gateway's tables."""
