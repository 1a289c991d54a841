-- Published lists of names that payments are held against: each file that was brought, what it changes, and what is in force.
CREATE TABLE payments_sanctions_file (
    id TEXT PRIMARY KEY,
    list TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'in_force', 'former', 'refused', 'overtaken')),
    dated_at BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    added BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    brought_by TEXT NOT NULL,
    brought_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    note TEXT
);
CREATE UNIQUE INDEX payments_sanctions_file_waiting ON payments_sanctions_file (list) WHERE state = 'waiting';
CREATE UNIQUE INDEX payments_sanctions_file_in_force ON payments_sanctions_file (list) WHERE state = 'in_force';
CREATE TABLE payments_sanctions_entry (
    list TEXT NOT NULL,
    reference TEXT NOT NULL,
    file TEXT NOT NULL REFERENCES payments_sanctions_file (id),
    told TEXT NOT NULL,
    PRIMARY KEY (list, reference)
);
CREATE TABLE payments_sanctions_change (
    file TEXT NOT NULL REFERENCES payments_sanctions_file (id),
    reference TEXT NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('added', 'removed', 'changed')),
    told TEXT NOT NULL,
    former TEXT,
    PRIMARY KEY (file, reference)
);
CREATE INDEX payments_sanctions_change_reference ON payments_sanctions_change (reference);
CREATE INDEX payments_remittance_open ON payments_remittance (id) WHERE state IN ('ordered', 'told');
