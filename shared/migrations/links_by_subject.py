"""An index on the aggregate that a fact is about. Frozen: a change is a new revision."""

from alembic import op


def create() -> None:
    """By it `holdfast trace` goes on where a person acted: to the aggregate's fact before."""
    op.execute("CREATE INDEX event_link_subject ON event_link (subject, recorded_at)")
