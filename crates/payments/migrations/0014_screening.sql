-- Payments that a rule of the pack has stopped, until officers have looked; and what rules that count have seen.
CREATE TABLE payments_screening_case (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL CHECK (place IN ('remittance', 'disbursement', 'settlement')),
    subject TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('list', 'velocity', 'structuring')),
    rule TEXT NOT NULL,
    entry TEXT,
    alike BIGINT,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'cleared', 'confirmed')),
    proposed TEXT CHECK (proposed IN ('clear', 'confirm')),
    first_officer TEXT,
    first_note TEXT,
    second_officer TEXT,
    second_note TEXT,
    found_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX payments_screening_case_open ON payments_screening_case (id) WHERE state IN ('open', 'proposed');
CREATE INDEX payments_screening_case_subject ON payments_screening_case (subject);
CREATE TABLE payments_screening_seen (
    payment TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    number TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX payments_screening_seen_number ON payments_screening_seen (number, place, seen_at);
