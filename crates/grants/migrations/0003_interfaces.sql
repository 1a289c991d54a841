-- What other systems asked in their own standards' words, and what they were answered: validations of GovStack, messages of G2P Connect.
CREATE TABLE grants_asked (
    client TEXT NOT NULL,
    standard TEXT NOT NULL CHECK (standard IN ('govstack', 'g2p-connect')),
    id TEXT NOT NULL,
    said TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (client, standard, id)
);
