"""The ledger: lots, entries, holds, redemptions, reminders, and whom branches may see."""

from alembic import op

from shared.migrations import script

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE customer (
    customer_id bigint PRIMARY KEY,
    county text NOT NULL,
    tier text NOT NULL,
    status text NOT NULL,
    sequence bigint NOT NULL
);

CREATE TABLE programme (
    code text NOT NULL,
    version int NOT NULL,
    parameters jsonb NOT NULL,
    valid_from date NOT NULL,
    PRIMARY KEY (code, version)
);
-- The first points year that a record may name began here.
INSERT INTO programme VALUES ('standard', 1, '{
    "points_per_yuan": 1, "point_value_fen": 2, "year_ends_month": 11, "clearing_month": 4,
    "clearing_day": 30, "grace_days": 0, "reminder_days": [60, 30, 7],
    "reminder_points_min": 3000, "reminder_tiers": ["diamond", "gold", "silver"],
    "reminders_per_day_max": 500, "silver_points_min": 3000, "gold_points_min": 6000,
    "diamond_points_min": 11000}', '1999-12-01');

-- One row per cohort and customer, two or three a customer: balances are counters, and no code,
-- however wrong, can spend what is not there.
CREATE TABLE lot (
    customer_id bigint NOT NULL,
    programme text NOT NULL,
    cohort int NOT NULL,
    clears_on date NOT NULL,
    granted bigint NOT NULL DEFAULT 0 CHECK (granted >= 0),
    pending bigint NOT NULL DEFAULT 0 CHECK (pending >= 0),
    spent bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
    expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    version bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (customer_id, programme, cohort),
    CHECK (spent + expired + held <= granted)
) WITH (fillfactor = 70);

CREATE TABLE entry (
    customer_id bigint NOT NULL,
    entry_id uuid NOT NULL,
    programme text NOT NULL,
    programme_version int NOT NULL,
    cohort int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('earn', 'open_granted', 'open_spent', 'spend', 'reverse',
                                       'expire')),
    amount bigint NOT NULL CHECK (amount > 0),
    debit text NOT NULL,
    credit text NOT NULL,
    hold_id uuid,
    reference text NOT NULL,
    business_date date NOT NULL,
    payload_hash bytea NOT NULL,
    lot_version bigint NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, entry_id),
    CHECK (debit <> credit)
);
-- A statement's pages, newest first.
CREATE INDEX entry_statement ON entry (customer_id, posted_at DESC, entry_id DESC);

CREATE TABLE hold (
    customer_id bigint NOT NULL,
    hold_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('pos', 'auction', 'transfer')),
    state text NOT NULL CHECK (state IN ('open', 'captured', 'voided', 'expired')),
    amount bigint NOT NULL CHECK (amount > 0),
    captured bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, hold_id),
    CHECK (captured BETWEEN 0 AND amount)
);

CREATE TABLE hold_lot (
    customer_id bigint NOT NULL,
    hold_id uuid NOT NULL,
    programme text NOT NULL,
    cohort int NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    captured bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
    released bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
    PRIMARY KEY (customer_id, hold_id, programme, cohort),
    CHECK (captured + released <= amount)
);

CREATE TABLE redemption (
    customer_id bigint NOT NULL,
    redemption_id uuid NOT NULL,
    programme text NOT NULL,
    programme_version int NOT NULL,
    family text NOT NULL CHECK (family IN ('service', 'product', 'merchant')),
    item text NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    value_fen bigint NOT NULL CHECK (value_fen >= 0),
    reversed bigint NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    redeemed_by text NOT NULL,
    redeemed_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, redemption_id),
    CHECK (reversed BETWEEN 0 AND points)
);

-- The key is the once-only guard (PT-17).
CREATE TABLE reminder (
    customer_id bigint NOT NULL,
    programme text NOT NULL,
    cohort int NOT NULL,
    days int NOT NULL,
    amount bigint NOT NULL,
    state text NOT NULL,
    attempt int NOT NULL DEFAULT 0,
    again_at timestamptz,
    due_on date NOT NULL,
    PRIMARY KEY (customer_id, programme, cohort, days)
);
"""

_APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are never changed; post a new one'
        USING ERRCODE = 'restrict_violation';
END $$
"""

_GRANTS = """
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE ON customer, lot, hold, hold_lot, redemption, reminder
    TO points_worker;
GRANT SELECT, INSERT ON entry TO points_worker;
GRANT SELECT ON programme TO points_worker, points_web;
GRANT SELECT ON customer TO points_web;
GRANT SELECT, UPDATE (spent, version) ON lot TO points_web;
GRANT SELECT, INSERT ON entry TO points_web;
GRANT SELECT, INSERT, UPDATE (reversed, version) ON redemption TO points_web;
"""

# A branch sees its own county's customers and what belongs to them; workers see all.
_SEEN_BY_BRANCHES = ("lot", "entry", "redemption")


def upgrade() -> None:
    script.execute(_TABLES)
    op.execute(_APPEND_ONLY)
    script.execute(_GRANTS)
    script.execute("""
        ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
        ALTER TABLE customer FORCE ROW LEVEL SECURITY;
        CREATE POLICY branch ON customer TO points_web USING (organisation_visible(county));
        CREATE POLICY worker ON customer TO points_worker USING (true);
        CREATE POLICY owner ON customer TO points_migrate USING (true);
    """)
    for table in _SEEN_BY_BRANCHES:
        script.execute(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY branch ON {table} TO points_web USING (EXISTS (
                SELECT FROM customer c WHERE c.customer_id = {table}.customer_id));
            CREATE POLICY worker ON {table} TO points_worker USING (true);
            CREATE POLICY owner ON {table} TO points_migrate USING (true);
        """)
