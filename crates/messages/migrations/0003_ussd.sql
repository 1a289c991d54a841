-- Where somebody stands in the menu on her phone, for a quarter of an hour: sessions drop. The number is a keyed hash;
-- the place is sealed by whoever keeps the menu.
CREATE TABLE messages_ussd (
    phone TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    seen_length BIGINT NOT NULL,
    seen TEXT NOT NULL,
    place TEXT,
    answer TEXT,
    used_at BIGINT NOT NULL
);
CREATE INDEX messages_ussd_used ON messages_ussd (used_at);
