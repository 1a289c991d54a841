-- What a rail charges for a payment of a request, as it was shown to whoever paid.
CREATE TABLE payments_charge (
    request TEXT NOT NULL REFERENCES payments_request (id),
    rail TEXT NOT NULL,
    bears TEXT NOT NULL CHECK (bears IN ('payer', 'biller', 'state')),
    fee_minor BIGINT NOT NULL CHECK (fee_minor > 0),
    currency TEXT NOT NULL,
    returned BIGINT NOT NULL,
    PRIMARY KEY (request, rail)
);
