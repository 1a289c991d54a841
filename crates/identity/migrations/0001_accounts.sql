-- Who may sign in, what they signed in with, and what was handed to clients in their name.
CREATE TABLE identity_account (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'officer')),
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    language TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    totp BLOB,
    totp_step BIGINT NOT NULL,
    roles TEXT NOT NULL,
    institution TEXT,
    state TEXT NOT NULL CHECK (state IN ('active', 'locked')),
    made_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_account_login ON identity_account (kind, login);
-- Tries with a PIN, password or code, by a keyed hash of what was typed, whether it names an account or not.
CREATE TABLE identity_attempt (
    key TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    tried_at BIGINT NOT NULL
);
CREATE INDEX identity_attempt_tried ON identity_attempt (tried_at);
-- A sign-in that waits for its second factor, or a passkey that is being made or used.
CREATE TABLE identity_challenge (
    id TEXT PRIMARY KEY,
    account TEXT,
    code TEXT,
    tries BIGINT NOT NULL,
    passkey TEXT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX identity_challenge_expires ON identity_challenge (expires_at);
CREATE TABLE identity_passkey (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES identity_account (id),
    name TEXT NOT NULL,
    credential TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX identity_passkey_account ON identity_passkey (account);
-- A session at the provider has no parent; a client's session hangs on the provider's it came from.
CREATE TABLE identity_session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES identity_account (id),
    parent TEXT,
    client TEXT,
    assurance TEXT NOT NULL,
    methods TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX identity_session_account ON identity_session (account, id);
CREATE INDEX identity_session_parent ON identity_session (parent) WHERE parent IS NOT NULL;
CREATE INDEX identity_session_ends ON identity_session (ends_at);
CREATE TABLE identity_code (
    hash TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT,
    scope TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX identity_code_expires ON identity_code (expires_at);
CREATE TABLE identity_token (
    hash TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    session TEXT NOT NULL,
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX identity_token_code ON identity_token (code);
CREATE INDEX identity_token_session ON identity_token (session);
CREATE INDEX identity_token_expires ON identity_token (expires_at);
-- What a person agreed to pass on to a client.
CREATE TABLE identity_consent (
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (account, client)
);
