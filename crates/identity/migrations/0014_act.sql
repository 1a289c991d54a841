-- Who acts where a token is about another (RFC 8693 §4.1): the account and the mandate, as JSON.
ALTER TABLE identity_access ADD COLUMN act TEXT;
