-- How somebody came to pay, for the treasury's figures; and funds of the country: what is levied for them, what they are spent on.
ALTER TABLE payments_attempt ADD COLUMN channel TEXT;
CREATE TABLE payments_fund_levy (
    id TEXT PRIMARY KEY,
    fund TEXT NOT NULL,
    levy TEXT NOT NULL,
    contributor TEXT NOT NULL,
    year BIGINT NOT NULL,
    base_minor BIGINT NOT NULL CHECK (base_minor > 0),
    parts BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    bill TEXT NOT NULL REFERENCES payments_bill (id),
    tries BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (fund, levy, contributor, year)
);
-- Every bill that was made for a levy, also those that another took the place of.
CREATE TABLE payments_fund_bill (
    number TEXT PRIMARY KEY,
    levy TEXT NOT NULL REFERENCES payments_fund_levy (id)
);
CREATE INDEX payments_fund_bill_levy ON payments_fund_bill (levy);
CREATE TABLE payments_fund_project (
    id TEXT PRIMARY KEY,
    fund TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    budget_minor BIGINT NOT NULL CHECK (budget_minor > 0),
    currency TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_fund_project_fund ON payments_fund_project (fund, id);
CREATE TABLE payments_fund_payment (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES payments_fund_project (id),
    purpose TEXT NOT NULL,
    bank TEXT NOT NULL,
    number TEXT NOT NULL,
    holder TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'refused')),
    asked_by TEXT NOT NULL,
    decided_by TEXT,
    made_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX payments_fund_payment_project ON payments_fund_payment (project, id);
