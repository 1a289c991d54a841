-- Fees that were paid and go back, all or in part, because what they paid for will not be done.
CREATE TABLE payments_return (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL UNIQUE REFERENCES payments_request (id),
    payment TEXT NOT NULL REFERENCES payments_payment (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    state TEXT NOT NULL CHECK (state IN ('going', 'done', 'review')),
    hold TEXT,
    reference TEXT,
    made_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX payments_return_open ON payments_return (id) WHERE state <> 'done';
