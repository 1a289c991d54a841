-- Institutions whose own programs send bills: joined by two officers, known by a key, told of what was paid.
CREATE TABLE payments_biller (
    id TEXT PRIMARY KEY,
    institution TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('asked', 'open', 'closed')),
    hook TEXT,
    key_hash BLOB UNIQUE,
    asked_by TEXT NOT NULL,
    opened_by TEXT,
    made_at BIGINT NOT NULL
);
CREATE TABLE payments_biller_event (
    id TEXT PRIMARY KEY,
    institution TEXT NOT NULL,
    body TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_biller_event_institution ON payments_biller_event (institution, id);
