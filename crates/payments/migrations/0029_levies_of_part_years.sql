-- The first and the last day on which a contributor was licensed, where a levy is for part of a year; null where the licence began
-- before that year, or went on after it.
ALTER TABLE payments_fund_levy ADD COLUMN licensed_from TEXT;
ALTER TABLE payments_fund_levy ADD COLUMN licensed_until TEXT;
