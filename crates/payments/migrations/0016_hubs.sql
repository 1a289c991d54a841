-- Money that is paid out through a hub, to whichever bank or wallet keeps its payee: the kind of identifier that she is found by.
ALTER TABLE payments_disbursement RENAME TO payments_disbursement_before;
DROP INDEX payments_disbursement_open;
DROP INDEX payments_disbursement_file;
DROP INDEX payments_disbursement_reference;
CREATE TABLE payments_disbursement (
    id TEXT PRIMARY KEY,
    rail TEXT NOT NULL CHECK (rail IN ('wallet', 'bank', 'hub')),
    via TEXT NOT NULL,
    bank TEXT,
    number TEXT NOT NULL,
    holder TEXT,
    account TEXT NOT NULL REFERENCES payments_account (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('made', 'sent', 'paid', 'failed', 'returned', 'review')),
    reason TEXT,
    rail_reference TEXT,
    file TEXT,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    kind TEXT
);
INSERT INTO payments_disbursement (id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state,
        reason, rail_reference, file, made_at, ended_at)
    SELECT id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state,
        reason, rail_reference, file, made_at, ended_at
    FROM payments_disbursement_before;
DROP TABLE payments_disbursement_before;
CREATE INDEX payments_disbursement_open ON payments_disbursement (id) WHERE state IN ('made', 'sent', 'review');
CREATE INDEX payments_disbursement_file ON payments_disbursement (file, id) WHERE file IS NOT NULL;
CREATE INDEX payments_disbursement_reference ON payments_disbursement (reference, id);
