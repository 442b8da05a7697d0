"""Alembic's entry for the alerts schema."""

from shared.migrations.runner import run_env

run_env()
