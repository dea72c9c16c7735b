"""Matching: who wants a lot, how well it fits, and why.

Owns the tables ``requirement``, ``match``, ``match_run`` and the two scoring queues; keeps ``item_replica``,
``organization_replica``, ``rule_replica``, ``rate_replica``, ``interest_replica`` and ``reader_replica``.

Publishes ``matching.requirement.changed``, ``matching.matches.found``, ``matching.matches.closed`` and
``matching.run.completed``. Consumes organisations (gateway), exchange rates (ingestion), items and visibility rules
(catalog), interests and windows (exclusivity), sent issues and clicks (newsletter).

Promises: no pair of a listed item and an active requirement is missed, whatever the order in which they arrive; one
match per requirement, item and listing cycle; a buyer whom a mill's rules shut out never has a match with its lots;
``run.completed`` of a batch comes after every match of that batch.
"""
