-- Who came first is decided by exclusivity; the ids of interests are made before that and tell it only nearly.
ALTER TABLE relation ADD COLUMN interest_ticket integer;
