"""Row-level security costs next to nothing a row."""

from shared.migrations import visible_as_expression

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    visible_as_expression.create()
