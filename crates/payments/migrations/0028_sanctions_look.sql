-- When a list was last looked up where it is published, and what went wrong.
CREATE TABLE payments_sanctions_look (
    list TEXT PRIMARY KEY,
    looked_at BIGINT NOT NULL,
    problem TEXT
);
