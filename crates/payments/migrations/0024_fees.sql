-- Fees go by a number of twelve digits as bills do; what pays a bill has none of its own, nor have those that were made before.
ALTER TABLE payments_request ADD COLUMN number TEXT;
CREATE UNIQUE INDEX payments_request_number ON payments_request (number) WHERE number IS NOT NULL;
