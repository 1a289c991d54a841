-- The OpenID provider to the final specifications. Codes and tokens live for minutes: those given under the first
-- form of the tables end with it, and their people sign in again.
DROP TABLE identity_code;
DROP TABLE identity_token;
CREATE TABLE identity_code (
    hash TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT,
    dpop_jkt TEXT,
    scope TEXT NOT NULL,
    basis TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX identity_code_expires ON identity_code (expires_at);
-- A family is what one authorisation gave: it ends as a whole. Without a session it outlives one; without an
-- account it is the client's own.
CREATE TABLE identity_access (
    hash TEXT PRIMARY KEY,
    family TEXT NOT NULL,
    session TEXT,
    account TEXT,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    asked TEXT NOT NULL,
    bound TEXT,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    passed_at BIGINT
);
CREATE INDEX identity_access_family ON identity_access (family);
CREATE INDEX identity_access_session ON identity_access (session) WHERE session IS NOT NULL;
CREATE INDEX identity_access_account ON identity_access (account, client) WHERE account IS NOT NULL;
CREATE INDEX identity_access_expires ON identity_access (expires_at);
CREATE TABLE identity_refresh (
    hash TEXT PRIMARY KEY,
    family TEXT NOT NULL,
    session TEXT,
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    basis TEXT NOT NULL,
    bound TEXT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX identity_refresh_family ON identity_refresh (family);
CREATE INDEX identity_refresh_session ON identity_refresh (session) WHERE session IS NOT NULL;
CREATE INDEX identity_refresh_account ON identity_refresh (account, client);
CREATE INDEX identity_refresh_expires ON identity_refresh (expires_at);
-- What was asked for when she decided, and what she agreed to; both as JSON lists of claims.
ALTER TABLE identity_consent ADD COLUMN asked TEXT;
ALTER TABLE identity_consent ADD COLUMN agreed TEXT;
-- What the client calls her, so that she is found by it.
ALTER TABLE identity_consent ADD COLUMN subject TEXT;
CREATE INDEX identity_consent_subject ON identity_consent (client, subject) WHERE subject IS NOT NULL;
-- Requests that clients pushed ahead of the browser.
CREATE TABLE identity_pushed (
    hash TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    request TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX identity_pushed_expires ON identity_pushed (expires_at);
-- Proofs that are good once: hashes of their names, until the proofs themselves are over.
CREATE TABLE identity_once (
    key TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX identity_once_expires ON identity_once (expires_at);
-- Clients that came in after the program started: registered, and for regulated ones approved by a second officer.
CREATE TABLE identity_client (
    id TEXT PRIMARY KEY,
    organisation TEXT,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'active', 'inactive')),
    declared TEXT NOT NULL,
    proposed TEXT,
    proposed_by TEXT,
    revision BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX identity_client_organisation ON identity_client (organisation, id);
-- Keys that sign tokens: the private half sealed.
CREATE TABLE identity_key (
    kid TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    sealed BLOB NOT NULL,
    revision BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
-- Which clients took part in a session and are told of its end.
CREATE TABLE identity_participant (
    session TEXT NOT NULL,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (session, client)
);
-- A sign-in for a device without a keyboard (RFC 8628), or one that a client asks for and a person approves (CIBA).
CREATE TABLE identity_approval (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('device', 'ciba')),
    client TEXT NOT NULL,
    user_code TEXT,
    account TEXT,
    scope TEXT NOT NULL,
    asked TEXT NOT NULL,
    acr TEXT NOT NULL,
    message TEXT,
    notify BLOB,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'redeemed')),
    basis TEXT,
    every_seconds BIGINT NOT NULL,
    asked_at BIGINT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_approval_user_code ON identity_approval (user_code) WHERE user_code IS NOT NULL;
CREATE INDEX identity_approval_account ON identity_approval (account, made_at) WHERE account IS NOT NULL;
CREATE INDEX identity_approval_expires ON identity_approval (expires_at);
