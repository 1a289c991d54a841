-- Ways of signing in that are locked, one by one. What is not here is open.
CREATE TABLE identity_factor_lock (
    account TEXT NOT NULL REFERENCES identity_account (id),
    factor TEXT NOT NULL,
    at_desk BIGINT NOT NULL,
    locked_at BIGINT NOT NULL,
    PRIMARY KEY (account, factor)
) WITHOUT ROWID;
