"""catalog: what is for sale, and who may see which part of it.

Owns       item, source_row, rule_set; keeps organization_replica, match_replica, relation,
           datasheet_replica.
Publishes  catalog.rows.applied, catalog.items.listed / changed / unlisted, catalog.item.reserved / released,
           catalog.visibility.changed.
Consumes   gateway.organization.changed, ingestion.rows.accepted, ingestion.datasheet.approved, matching.matches.found
           / closed, exclusivity.interest.registered / closed, exclusivity.window.granted / extended / closed,
           exclusivity.item.opened.
Promises   Every accepted row gets exactly one answer, and one row is applied once. Every part of a batch is followed
           by its part of items.listed, even when that is empty. A buyer sees of an item what the mill's rules and his
           relation to it allow, and filters, sorting and search tell him no more than that.
"""
