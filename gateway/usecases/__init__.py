"""The verbs of the gateway: load, decide, save, publish, all in the transaction of the door that calls them."""
