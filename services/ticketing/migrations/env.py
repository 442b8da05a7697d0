"""Alembic's entry for the ticketing schema."""

from shared.migrations.runner import run_env

run_env()
