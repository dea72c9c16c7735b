"""Ingestion: what did the mill send, what does it mean.

Owns      mailbox, inbound_message, batch, batch_file, batch_row, lot, mapping_profile, exchange_rate
Keeps     organization_replica (mills, from the gateway), lot_replica (lots for sale, from catalog)
Publishes ingestion.batch.status_changed.v1, ingestion.rows.accepted.v1, ingestion.rates.changed.v1
Consumes  gateway.organization.changed.v1, catalog.rows.applied.v1, catalog.items.{listed,changed,unlisted}.v1
Promises  a mail or file is a row before anybody looks into it; one file of a mill is one batch; nothing is listed from
          a sender that our own mail server did not verify; every accepted row is sent until catalog has answered it
"""
