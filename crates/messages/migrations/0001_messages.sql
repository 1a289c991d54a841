-- What is told to people: a notice is said once, and carried once for each channel that reaches the person.
CREATE TABLE messages_notice (
    id TEXT PRIMARY KEY,
    person TEXT,
    language TEXT NOT NULL,
    subject TEXT,
    body TEXT,
    purpose TEXT NOT NULL,
    secret BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX messages_notice_person ON messages_notice (person, id) WHERE person IS NOT NULL AND secret = 0;
CREATE TABLE messages_message (
    id TEXT PRIMARY KEY,
    notice TEXT NOT NULL REFERENCES messages_notice (id),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'undeliverable', 'expired')),
    parts BIGINT NOT NULL,
    reference TEXT,
    delivered_at BIGINT
);
CREATE INDEX messages_message_notice ON messages_message (notice);
CREATE INDEX messages_message_arrived ON messages_message (id) WHERE state = 'delivered';
CREATE INDEX messages_message_address ON messages_message (address, id) WHERE state = 'delivered';
