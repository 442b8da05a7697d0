"""The do-not-call mark has a time of its own: it is told with consent for any purpose (XC-21)."""

from shared.migrations import script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    script.execute("""
        ALTER TABLE guard ADD COLUMN do_not_call_at timestamptz NOT NULL DEFAULT '-infinity';
        UPDATE guard SET do_not_call_at = consent_at;
    """)
