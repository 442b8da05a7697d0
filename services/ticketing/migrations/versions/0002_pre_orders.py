"""Work orders, their history and deadlines, and what forbids to retain a customer."""

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
    group_code text,
    manager text,
    manager_at timestamptz,
    sequence bigint NOT NULL
);

CREATE TABLE guard (
    customer_id bigint PRIMARY KEY,
    portability_applied boolean NOT NULL DEFAULT false,
    portability_at timestamptz,
    consent_withdrawn boolean NOT NULL DEFAULT false,
    consent_at timestamptz
);

-- An agreement that was withdrawn before it was told: it gets no order.
CREATE TABLE withdrawn_agreement (
    agreement_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    withdrawn_at timestamptz NOT NULL
);

CREATE TABLE lost_reason (
    code text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    rank smallint NOT NULL UNIQUE
);
INSERT INTO lost_reason (code, name_zh, name_en, rank) VALUES
    ('left_area', '离开本地', 'Left the area', 1),
    ('left_employer', '员工离职单位销户', 'Left the employer, account closed', 2),
    ('other_network', '转他网', 'Went to another network', 3),
    ('other', '其他', 'Other', 4);

-- Each calendar by which a deadline was ever computed, so that it can be computed again.
CREATE TABLE calendar_version (
    version text PRIMARY KEY,
    content text NOT NULL,
    first_used_at timestamptz NOT NULL
);

-- One value a dispatch; a sequence never locks, gaps are allowed, the constraint decides.
CREATE SEQUENCE order_number MAXVALUE 999999 CYCLE;

CREATE TABLE work_order (
    order_id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    customer_id bigint NOT NULL,
    county text NOT NULL,
    order_type text NOT NULL CHECK (order_type IN ('3g_to_contract', '2g_to_3g', 'broadband',
                                                   'counter_retention')),
    cause text NOT NULL,
    cause_event uuid NOT NULL,
    copy_to text NOT NULL,
    tier text NOT NULL,
    tier_rank smallint NOT NULL GENERATED ALWAYS AS (
        CASE tier WHEN 'diamond' THEN 1 WHEN 'gold' THEN 2 WHEN 'silver' THEN 3
                  WHEN 'guest' THEN 4 ELSE 5 END) STORED,
    priority int NOT NULL,
    dispatched_at timestamptz NOT NULL,
    manager text,
    offer text,
    task_id uuid,
    store text,
    state text NOT NULL CHECK (state IN ('new', 'in_progress', 'waiting_dispatcher', 'to_verify',
                                         'sent_back', 'verified_saved', 'verified_lost',
                                         'cancelled')),
    version bigint NOT NULL CHECK (version > 0),
    moved_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    deadline jsonb NOT NULL,
    calendar_version text NOT NULL REFERENCES calendar_version,
    stage smallint NOT NULL CHECK (stage BETWEEN 0 AND 3),
    paused_at timestamptz,
    breached_at timestamptz,
    escalation_level smallint NOT NULL CHECK (escalation_level BETWEEN 0 AND 2),
    first_receiver text,
    accepted_by text,
    accepted_at timestamptz,
    return_reason text,
    completed_by text,
    completed_at timestamptz,
    answerable text,
    result text CHECK (result IN ('saved', 'lost')),
    lost_reason text REFERENCES lost_reason,
    leaving_reason text,
    handler text,
    opened_by text,
    opened_at timestamptz,
    verified_by text,
    verified_at timestamptz,
    CHECK ((state = 'waiting_dispatcher') = (paused_at IS NOT NULL) OR state = 'cancelled'),
    CHECK (state NOT IN ('to_verify', 'verified_saved', 'verified_lost')
           OR (completed_by IS NOT NULL AND result IS NOT NULL)),
    CHECK ((result = 'lost') IS NOT TRUE OR lost_reason IS NOT NULL),
    CHECK (verified_by IS NULL OR verified_by <> completed_by)
) WITH (fillfactor = 70);
-- The queue: nearest deadline first, then the more valuable customer, then the number.
CREATE INDEX work_order_queue ON work_order (due_at, tier_rank, number);
CREATE INDEX work_order_by_state ON work_order (state, due_at, tier_rank, number);
CREATE INDEX work_order_of_customer ON work_order (customer_id);
CREATE INDEX work_order_of_cause ON work_order (cause);

-- The history: one row for every version of an order, never changed.
CREATE TABLE work_order_event (
    order_id uuid NOT NULL REFERENCES work_order,
    version bigint NOT NULL CHECK (version > 0),
    act text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    from_state text,
    to_state text NOT NULL,
    reason text,
    note text,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- What an order's clock, or a declined proposal, will still bring about.
CREATE TABLE deadline (
    order_id uuid NOT NULL REFERENCES work_order,
    kind text NOT NULL CHECK (kind IN ('warn', 'breach', 'escalate', 'propose_again')),
    due_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, kind)
);
CREATE INDEX deadline_due ON deadline (due_at, order_id, kind);

CREATE TABLE follow_up (
    proposal_id text PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES work_order,
    attempt smallint NOT NULL CHECK (attempt BETWEEN 1 AND 2),
    state text NOT NULL CHECK (state IN ('proposed', 'granted', 'declined', 'replaced')),
    proposed_at timestamptz NOT NULL,
    grant_id uuid UNIQUE,
    again_at timestamptz
);
CREATE INDEX follow_up_of_order ON follow_up (order_id);
"""

_APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a history is never changed; add to it'
        USING ERRCODE = 'restrict_violation';
END $$
"""

_GRANTS = """
CREATE TRIGGER work_order_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON work_order_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT USAGE ON SEQUENCE order_number TO ticketing_worker;
GRANT SELECT, INSERT, UPDATE ON customer, guard, work_order, follow_up TO ticketing_worker;
GRANT SELECT, INSERT ON withdrawn_agreement TO ticketing_worker;
GRANT SELECT, INSERT ON work_order_event TO ticketing_worker, ticketing_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON deadline TO ticketing_worker, ticketing_web;
GRANT SELECT, INSERT ON calendar_version TO ticketing_worker, ticketing_web;
GRANT SELECT ON lost_reason TO ticketing_worker, ticketing_web;
GRANT SELECT ON customer, guard TO ticketing_web;
GRANT SELECT, INSERT ON follow_up TO ticketing_web;
GRANT SELECT, UPDATE ON work_order TO ticketing_web;
"""

# A branch sees its own county's orders and what belongs to them; workers see all.
_BY_COUNTY = ("customer", "work_order")
_BY_ORDER = ("work_order_event", "deadline", "follow_up")


def upgrade() -> None:
    script.execute(_TABLES)
    op.execute(_APPEND_ONLY)
    script.execute(_GRANTS)
    for table in _BY_COUNTY:
        _secure(table, "organisation_visible(county)")
    for table in _BY_ORDER:
        _secure(
            table,
            f"EXISTS (SELECT FROM work_order w WHERE w.order_id = {table}.order_id)",
        )
    # At a counter stands a customer whose home may be another county's.
    _secure(
        "guard",
        "EXISTS (SELECT FROM work_order w WHERE w.customer_id = guard.customer_id)",
    )


def _secure(table: str, branch: str) -> None:
    script.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY branch ON {table} TO ticketing_web USING ({branch});
        CREATE POLICY worker ON {table} TO ticketing_worker USING (true);
        CREATE POLICY owner ON {table} TO ticketing_migrate USING (true);
    """)
