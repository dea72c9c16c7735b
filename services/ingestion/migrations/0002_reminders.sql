-- When the sender of a waiting list was last reminded of it; it counts only if later than changed_at.
ALTER TABLE batch ADD COLUMN reminded_at timestamptz;
