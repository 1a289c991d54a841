-- Money that is paid out to somebody's wallet or bank account, each under an identifier that whoever pays chose.
CREATE TABLE payments_disbursement (
    id TEXT PRIMARY KEY,
    rail TEXT NOT NULL CHECK (rail IN ('wallet', 'bank')),
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
    ended_at BIGINT
);
CREATE INDEX payments_disbursement_open ON payments_disbursement (id) WHERE state IN ('made', 'sent', 'review');
CREATE INDEX payments_disbursement_file ON payments_disbursement (file, id) WHERE file IS NOT NULL;
CREATE INDEX payments_disbursement_reference ON payments_disbursement (reference, id);
-- Files of payments that are handed to a bank, and what became of them.
CREATE TABLE payments_bank_file (
    id TEXT PRIMARY KEY,
    bank TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('made', 'sent', 'done')),
    payments BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    day TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_bank_file_open ON payments_bank_file (id) WHERE state <> 'done';
