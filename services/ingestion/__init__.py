"""ingestion: what did the mill send, what does it mean.

Owns       mailbox, inbound_message, batch, batch_file, batch_row, lot, mapping_profile, mapping_profile_version,
           exchange_rate, datasheet, datasheet_file, datasheet_value, datasheet_link; keeps organization_replica,
           lot_replica, holder_replica.
Publishes  ingestion.batch.status_changed, ingestion.rows.accepted, ingestion.rates.changed,
           ingestion.datasheet.approved / failed.
Consumes   gateway.organization.changed, catalog.rows.applied, catalog.items.listed / changed / unlisted,
           catalog.item.reserved / released, exclusivity.window.granted / extended / closed.
Promises   A mail or file is a row before anybody looks into it; one file of a mill is one batch; nothing is listed from
           a sender that our own mail server did not verify; every accepted row is sent until catalog has answered it;
           a value of a data sheet that is not sure is shown to nobody before a person has looked at it.
"""
