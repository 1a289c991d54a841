-- Shops, and where what they sell is paid out to. Each sale is a bill whose one beneficiary is the shop's account.
CREATE TABLE payments_merchant (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    wallet TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES payments_account (id),
    settlements BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_merchant_owner ON payments_merchant (owner, id);
CREATE INDEX payments_bill_biller ON payments_bill (biller, id);
