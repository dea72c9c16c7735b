-- Mails to the holder who got more time, and to the mill that is asked for it.
ALTER TABLE delivery DROP CONSTRAINT delivery_kind_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_kind_check CHECK (kind IN
    ('issue', 'batch_answer', 'window_holder', 'window_mill', 'window_reminder', 'window_extended', 'window_asked'));
