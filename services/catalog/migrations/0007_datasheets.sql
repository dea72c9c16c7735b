-- What approved data sheets say, as ingestion told it; shown with the items they speak of.
CREATE TABLE datasheet_replica (
    datasheet_id   uuid PRIMARY KEY,
    mill_id        uuid NOT NULL,
    version        integer NOT NULL,
    file_name      text NOT NULL,
    product        text,
    revision_date  date,
    sheet_values   jsonb NOT NULL,
    item_ids       uuid[] NOT NULL,
    replaced       boolean NOT NULL DEFAULT false  -- by a newer one; a late copy of this one changes nothing
);
CREATE INDEX datasheet_replica_item ON datasheet_replica USING gin (item_ids) WHERE NOT replaced;
