-- Vouchers: each backed by a hold in the ledger until it is redeemed, has expired or is cancelled. Its secret number is sealed; it
-- is found by a keyed hash. Redemptions that were heard of, those of a voucher that was redeemed before among them.
CREATE TABLE grants_voucher (
    serial TEXT PRIMARY KEY,
    lookup TEXT NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    programme TEXT NOT NULL,
    voucher_group TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    state TEXT NOT NULL CHECK (state IN ('pre_activated', 'activated', 'redeemed', 'cancelled', 'expired')),
    run TEXT,
    line BIGINT,
    hold TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX grants_voucher_payment ON grants_voucher (run, line) WHERE run IS NOT NULL;
CREATE INDEX grants_voucher_programme ON grants_voucher (programme, serial) WHERE state = 'activated';
CREATE TABLE grants_redemption (
    id TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    place TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'charged')),
    charged_minor BIGINT NOT NULL,
    said_at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL
);
CREATE INDEX grants_redemption_serial ON grants_redemption (serial, heard_at);
