"""ingestion: what did the mill send, what does it mean.

Owns       mailbox, inbound_message, batch, batch_file, batch_row, lot, mapping_profile, mapping_profile_version,
           exchange_rate; keeps organization_replica, lot_replica.
Publishes  ingestion.batch.status_changed, ingestion.rows.accepted, ingestion.rates.changed.
Consumes   gateway.organization.changed, catalog.rows.applied, catalog.items.listed / changed / unlisted,
           catalog.item.reserved / released.
Promises   A mail or file is a row before anybody looks into it; one file of a mill is one batch; nothing is listed from
           a sender that our own mail server did not verify; every accepted row is sent until catalog has answered it.
"""
