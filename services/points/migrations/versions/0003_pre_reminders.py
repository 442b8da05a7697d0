"""When a lot is next looked at for a reminder, and what becomes of each reminder (PT-17)."""

from shared.migrations import script

revision = "0003"
down_revision = "0002"

# reminds_on is NULL once no reminder of the lot can come; a poller asks for nothing else, so what
# has no reminder before it costs it nothing.
_LOT = """
ALTER TABLE lot ADD COLUMN reminds_on date;
UPDATE lot SET reminds_on = clears_on - (
    SELECT max(days::int)
    FROM programme p, jsonb_array_elements_text(p.parameters->'reminder_days') days
    WHERE p.code = lot.programme);
CREATE INDEX lot_reminds_on ON lot (reminds_on, customer_id) WHERE reminds_on IS NOT NULL;
"""

# amount: what was told to be at risk. due_on: the day whose place it takes, if it takes one.
# due_at: when the next proposal is due; again_at gives way to it, which no code has ever used.
_REMINDER = """
ALTER TABLE reminder DROP COLUMN again_at;
ALTER TABLE reminder ALTER COLUMN due_on DROP NOT NULL;
ALTER TABLE reminder
    ADD COLUMN ends_on date NOT NULL,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN proposal_id text,
    ADD COLUMN grant_id uuid,
    ADD COLUMN because text,
    ADD CHECK (attempt BETWEEN 0 AND 2),
    ADD CHECK (state IN ('planned', 'proposed', 'waiting', 'granted', 'reached', 'replaced',
                         'declined', 'no_channel', 'no_capacity', 'nothing_left', 'lapsed')),
    ADD CHECK ((due_at IS NOT NULL) = (state IN ('planned', 'waiting'))),
    ADD CHECK ((proposal_id IS NOT NULL) = (attempt > 0));
CREATE INDEX reminder_due ON reminder (due_at, customer_id) WHERE due_at IS NOT NULL;
CREATE INDEX reminder_day ON reminder (due_on) WHERE due_on IS NOT NULL;
"""

# Figures of a branch's own customers are seen by the branch.
_WEB = """
GRANT SELECT ON reminder TO points_web;
ALTER TABLE reminder ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminder FORCE ROW LEVEL SECURITY;
CREATE POLICY branch ON reminder TO points_web USING (EXISTS (
    SELECT FROM customer c WHERE c.customer_id = reminder.customer_id));
CREATE POLICY worker ON reminder TO points_worker USING (true);
CREATE POLICY owner ON reminder TO points_migrate USING (true);
"""


def upgrade() -> None:
    script.execute(_LOT)
    script.execute(_REMINDER)
    script.execute(_WEB)
