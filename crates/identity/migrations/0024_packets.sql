-- Enrolment taken without a network: uploads and their parts, as they were encrypted; keys with which operators sign.
CREATE TABLE identity_packet (
    id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    upload_key TEXT NOT NULL,
    length BIGINT NOT NULL,
    received BIGINT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT,
    name TEXT,
    number BIGINT,
    operator TEXT,
    application TEXT,
    words TEXT,
    made_at BIGINT NOT NULL,
    done_at BIGINT
);
CREATE UNIQUE INDEX identity_packet_key ON identity_packet (device, upload_key);
CREATE INDEX identity_packet_state ON identity_packet (state, made_at, id);
CREATE TABLE identity_packet_part (
    packet TEXT NOT NULL REFERENCES identity_packet (id),
    place BIGINT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (packet, place)
);
CREATE TABLE identity_operator_key (
    officer TEXT NOT NULL,
    kid TEXT NOT NULL,
    jwk TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (officer, kid)
) WITHOUT ROWID;
