"""What branches are told by mail and webhook: who is reached how, what waits, what came of it."""

from alembic import op

from shared.migrations import script

revision = "0003"
down_revision = "0002"

# `next_at` of what is being sent is the end of its lease: whoever finds it past sends it again.
_TABLES = """
CREATE TABLE recipient (
    unit text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('mail', 'webhook')),
    address text NOT NULL,
    language text NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en')),
    secret text,
    disabled_at timestamptz,
    version int NOT NULL,
    PRIMARY KEY (unit, channel),
    CHECK ((channel = 'webhook') = (secret IS NOT NULL))
);

CREATE TABLE delivery (
    delivery_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES work_order,
    order_no text NOT NULL,
    county text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('new', 'due_soon', 'overdue', 'sent_back')),
    channel text NOT NULL CHECK (channel IN ('mail', 'webhook')),
    unit text NOT NULL,
    destination text NOT NULL GENERATED ALWAYS AS (
        CASE channel WHEN 'mail' THEN 'mail' ELSE 'webhook/' || unit END) STORED,
    notice jsonb NOT NULL,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'failed')),
    attempts smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    sent_to text,
    status int,
    answer text,
    CHECK ((settled_at IS NOT NULL) = (state IN ('delivered', 'failed')))
) WITH (fillfactor = 80);
CREATE INDEX delivery_open ON delivery (destination, next_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX delivery_of_order ON delivery (order_no, created_at);
CREATE INDEX delivery_newest ON delivery (created_at, delivery_id);
CREATE INDEX delivery_by_state ON delivery (state, created_at, delivery_id);

-- What came of each try, never changed.
CREATE TABLE delivery_receipt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome text NOT NULL,
    sent_to text,
    status int,
    answer text NOT NULL
);
CREATE INDEX delivery_receipt_of ON delivery_receipt (delivery_id, id);
"""

# Endpoints may carry tokens in their URLs: the web role sees who has one, not where it is.
_GRANTS = """
CREATE TRIGGER delivery_receipt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON delivery_receipt FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE ON delivery TO ticketing_worker;
GRANT SELECT, INSERT ON delivery_receipt TO ticketing_worker;
GRANT SELECT, UPDATE (disabled_at) ON recipient TO ticketing_worker;
GRANT SELECT, INSERT ON delivery TO ticketing_web;
GRANT UPDATE (state, attempts, next_at, settled_at) ON delivery TO ticketing_web;
GRANT SELECT ON delivery_receipt TO ticketing_web;
GRANT SELECT (unit, channel, disabled_at) ON recipient TO ticketing_web;
"""


def upgrade() -> None:
    script.execute(_TABLES)
    script.execute(_GRANTS)
    _secure("delivery", "organisation_visible(county)")
    _secure(
        "delivery_receipt",
        "EXISTS (SELECT FROM delivery d WHERE d.delivery_id = delivery_receipt.delivery_id)",
    )


def _secure(table: str, branch: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY branch ON {table} TO ticketing_web USING ({branch})")
    op.execute(f"CREATE POLICY worker ON {table} TO ticketing_worker USING (true)")
    op.execute(f"CREATE POLICY owner ON {table} TO ticketing_migrate USING (true)")
