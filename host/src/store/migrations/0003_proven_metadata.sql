-- Proves that a process with the keys wrote the document.
ALTER TABLE metadata ADD COLUMN mac TEXT NOT NULL DEFAULT '';
