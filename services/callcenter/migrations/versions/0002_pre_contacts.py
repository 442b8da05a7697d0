"""Contacts: the vault, the gate, tasks and what came of them."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Tables follow with the code that needs them."""
