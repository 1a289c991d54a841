-- Bills: what anybody who holds the number may pay, whole or in parts, and who gets how much of it.
CREATE TABLE payments_bill (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    biller TEXT NOT NULL,
    reference TEXT NOT NULL,
    payer TEXT,
    description TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    paid_minor BIGINT NOT NULL CHECK (paid_minor BETWEEN 0 AND amount_minor),
    currency TEXT NOT NULL,
    in_parts BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'withdrawn', 'expired')),
    due_on TEXT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (biller, reference)
);
CREATE INDEX payments_bill_payer ON payments_bill (payer, id) WHERE payer IS NOT NULL;
CREATE TABLE payments_bill_share (
    bill TEXT NOT NULL REFERENCES payments_bill (id),
    place BIGINT NOT NULL,
    account TEXT NOT NULL REFERENCES payments_account (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    paid_minor BIGINT NOT NULL CHECK (paid_minor BETWEEN 0 AND amount_minor),
    PRIMARY KEY (bill, place)
);
-- What each payment of a bill brought to each share, so that it can be taken back.
CREATE TABLE payments_bill_part (
    request TEXT NOT NULL REFERENCES payments_request (id),
    place BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (request, place)
);
ALTER TABLE payments_request ADD COLUMN bill TEXT;
CREATE INDEX payments_request_bill ON payments_request (bill, id) WHERE bill IS NOT NULL;
