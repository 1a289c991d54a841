-- A proposal about a seat may take off whoever sits on it: the person, as she stood there when it was made.
ALTER TABLE payments_proposal ADD COLUMN removed TEXT;
