-- What counters took, by moment. It was an index on every payment, and a PostgreSQL that has not yet counted a table took it for the
-- one on a rail's references: then each payment read all that its wallet had ever brought.
DROP INDEX payments_payment_rail;
CREATE INDEX payments_payment_counter ON payments_payment (wallet, received_at) WHERE wallet LIKE 'cash:%';
