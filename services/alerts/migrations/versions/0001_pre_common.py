"""The tables that every schema has."""

from shared.migrations import common_0001, links_by_subject

revision = "0001"
down_revision = None


def upgrade() -> None:
    common_0001.create("alerts")
    links_by_subject.create()
