-- Rows from now on are chained under a key that is not in the database (store/audit_chain.h); those before are not.
ALTER TABLE audit ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0;
