"""exclusivity: who has the first right to a lot, and until when.

Owns       interests, windows, window_history, reminders; keeps item_replica, organization_replica, user_replica,
           rule_replica, match_replica.
Publishes  exclusivity.interest.registered / closed, exclusivity.window.granted / closed / expiring_soon /
           extension_requested / extended, exclusivity.item.opened.
Consumes   gateway.organization.changed, gateway.user.changed, catalog.items.listed / changed / unlisted,
           catalog.visibility.changed, matching.matches.found / closed.
Promises   One holder per lot at any instant, at most three grants per listing cycle, the queue in the order of asking;
           rights end on time even when nobody sweeps; a window that ends without a deal goes to the next in the same
           transaction.
"""
