-- Devices and systems of organisations: each with a key of its own, and the one before it for a while after a change.
CREATE TABLE identity_machine (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('device', 'system')),
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    place TEXT NOT NULL,
    proves TEXT NOT NULL CHECK (proves IN ('key', 'certificate')),
    key TEXT NOT NULL,
    old_key TEXT,
    old_key_until BIGINT,
    scopes TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'lost', 'retired')),
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX identity_machine_owner ON identity_machine (owner, id);
