"""Alembic's entry for the points schema."""

from shared.migrations.runner import run_env

run_env()
