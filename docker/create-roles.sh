#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: the two roles and the database. By hand on a server of
# your own:  OWNER_PASSWORD=… APPLICATION_PASSWORD=… POSTGRES_USER=postgres sh docker/create-roles.sh
set -eu

psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=owner_password="$OWNER_PASSWORD" --set=application_password="$APPLICATION_PASSWORD" <<'SQL'
-- Migrates, and owns the ledger. CREATEDB is for test databases only.
CREATE ROLE farehistory_owner LOGIN NOSUPERUSER NOCREATEROLE CREATEDB PASSWORD :'owner_password';
-- Runs the platform: may append to the ledger, not change it.
CREATE ROLE farehistory_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'application_password';
-- So that the owner's migrations can make tables that the application owns.
GRANT farehistory_app TO farehistory_owner;
CREATE DATABASE farehistory OWNER farehistory_owner;
SQL
