"""matching: who wants a lot, how well it fits, and why.

Owns       requirement, match, match_run, item_queue, requirement_queue, revision; keeps item_replica,
           organization_replica, rule_replica, rate_replica, interest_replica, reader_replica.
Publishes  matching.requirement.changed, matching.matches.found / closed, matching.run.completed.
Consumes   gateway.organization.changed, ingestion.rates.changed, catalog.items.listed / changed / unlisted,
           catalog.visibility.changed, exclusivity.interest.registered / closed, exclusivity.window.granted / closed,
           newsletter.issue.sent, newsletter.deliveries.progressed.
Promises   No pair of a listed item and an active requirement is missed, whatever the order in which they arrive; one
           match per requirement, item and listing cycle; a buyer whom a mill's rules shut out never has a match with
           its lots; run.completed of a batch comes after every match of that batch.
"""
