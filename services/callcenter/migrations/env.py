"""Alembic's entry for the callcenter schema."""

from shared.migrations.runner import run_env

run_env()
