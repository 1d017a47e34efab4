"""How the admin's ready pages write times: as our own pages do."""
