"""Work orders, their history and deadlines."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Tables follow with the code that needs them."""
