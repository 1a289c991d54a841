-- How people sign in and how they get back in: second steps, printed codes, devices, recovery.
-- Which second step she is asked for; none, and it is a code by message (an officer's authenticator).
ALTER TABLE identity_account ADD COLUMN second_step TEXT;
-- She locked it herself: a recovery may open it again.
ALTER TABLE identity_account ADD COLUMN locked_by_self BIGINT NOT NULL DEFAULT 0;
-- After a recovery she is known less surely, until then.
ALTER TABLE identity_account ADD COLUMN lowered_until BIGINT;
-- One phone may be a whole family's.
CREATE INDEX identity_account_phone ON identity_account (phone) WHERE phone IS NOT NULL;
CREATE INDEX identity_challenge_account ON identity_challenge (account, made_at) WHERE account IS NOT NULL;
-- Codes printed as a set: each is found by its first letters and good once.
CREATE TABLE identity_recovery_code (
    account TEXT NOT NULL REFERENCES identity_account (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account, name)
);
-- Authenticator apps of a person (RFC 6238), each with its name; an officer's own stands with the account.
CREATE TABLE identity_authenticator (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES identity_account (id),
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    step BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX identity_authenticator_account ON identity_authenticator (account);
-- Browsers that signed in before, known by a cookie of theirs; one browser may serve several people.
CREATE TABLE identity_device (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES identity_account (id),
    token_hash TEXT NOT NULL,
    name TEXT,
    user_agent TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_device_account ON identity_device (account, token_hash);
ALTER TABLE identity_session ADD COLUMN device TEXT;
-- Getting back in after a lost PIN or phone: by a printed code and a message, or by two officers who saw her.
CREATE TABLE identity_recovery (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES identity_account (id),
    way TEXT NOT NULL CHECK (way IN ('code', 'point')),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'waiting', 'stopped', 'refused', 'done')),
    evidence TEXT NOT NULL,
    phone TEXT,
    opened_by TEXT NOT NULL,
    agreed_by TEXT,
    stop_hash TEXT NOT NULL,
    code_hash TEXT,
    tries BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ready_at BIGINT,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX identity_recovery_account ON identity_recovery (account, made_at);
CREATE INDEX identity_recovery_state ON identity_recovery (state, made_at);
CREATE UNIQUE INDEX identity_recovery_stop ON identity_recovery (stop_hash);
