-- Sorting by grammage, both ways, without looking at every item; the id makes the order whole.
CREATE INDEX item_by_gsm ON item (gsm, item_id);
