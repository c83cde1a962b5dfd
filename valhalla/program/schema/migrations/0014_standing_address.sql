-- a standing approval is for one address and ends when that changes.
-- SHA-256 of where effects of its kind went when it was given; NULL: given before it was noted, and covers nothing.
ALTER TABLE standing_approval ADD COLUMN address TEXT;
