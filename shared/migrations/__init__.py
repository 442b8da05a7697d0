"""Alembic, run the same way for every service: own schema, own version table, one at a time."""
