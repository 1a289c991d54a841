-- Who may act for whom by a mandate, organisations that people act for, and for whom a session acts. That parents and
-- guardians act for children follows from the family and is stored nowhere.
CREATE TABLE identity_mandate (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    represented TEXT NOT NULL,
    representative TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('offered', 'proposed', 'active', 'ended')),
    evidence TEXT,
    reference TEXT,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    valid_to TEXT NOT NULL,
    ended_by TEXT,
    ended_at BIGINT,
    ended_because TEXT
);
CREATE INDEX identity_mandate_represented ON identity_mandate (represented, id);
CREATE INDEX identity_mandate_representative ON identity_mandate (representative, id);
CREATE INDEX identity_mandate_proposed ON identity_mandate (id) WHERE state = 'proposed';
CREATE TABLE identity_organisation (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
-- Whom a session acts for, and under which mandate; no mandate where it follows from the family.
ALTER TABLE identity_session ADD COLUMN acting_for TEXT;
ALTER TABLE identity_session ADD COLUMN mandate TEXT;
