"""The tables that every schema has."""

from shared.migrations import common_0001

revision = "0001"
down_revision = None


def upgrade() -> None:
    common_0001.create("alerts")
