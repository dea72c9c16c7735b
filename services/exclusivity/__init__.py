"""Who has the first right to a lot, and until when.

Owns: interests, windows, window_history, reminders; copies of items, organisations, users, rules and of the matches
that ask by themselves.
Publishes: ``exclusivity.interest.*``, ``exclusivity.window.*``, ``exclusivity.item.opened``.
Consumes: lots and rules of catalog, matches of matching, organisations and users of the gateway.
Promises: one holder per lot at any instant, at most three grants per listing cycle, the queue in the order of asking;
rights end on time even when nobody sweeps; a window that ends without a deal goes to the next in the same transaction.
"""
