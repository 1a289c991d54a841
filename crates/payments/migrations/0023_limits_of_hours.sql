-- A limit is over any so many hours: nothing is filled by the day any more, what is held lapses by itself.
ALTER TABLE payments_limit DROP COLUMN day;
