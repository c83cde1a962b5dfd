-- How far a job had come when its worker last died: only one that dies where it died before is taken to kill its workers.
ALTER TABLE task ADD COLUMN lost_progress TEXT;
