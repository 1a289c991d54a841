-- A dispute that the payer's bank raised, by what the acquirer calls it: it has taken the money back already.
ALTER TABLE payments_dispute ADD COLUMN rail_reference TEXT;
CREATE UNIQUE INDEX payments_dispute_rail ON payments_dispute (rail_reference) WHERE rail_reference IS NOT NULL;
