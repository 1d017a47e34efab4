-- For parts of booking ids. Whoever may create in the database may install it, no superuser is needed.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public
