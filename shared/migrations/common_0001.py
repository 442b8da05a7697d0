"""The tables that every schema has, as of revision 0001. Frozen: a change is a new revision."""

from alembic import op

from shared.migrations import script

# Days for which partitions exist after the migration; later days go to the default partitions.
FIRST_DAYS = 8

_TABLES = """
CREATE TABLE position (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    epoch bigint NOT NULL,
    owner text NOT NULL,
    topic_id uuid NOT NULL,
    control_number bigint NOT NULL DEFAULT 0,
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE inbox (
    day date NOT NULL,
    ce_id uuid NOT NULL,
    PRIMARY KEY (day, ce_id)
) PARTITION BY RANGE (day);
-- Facts may be months old when they arrive; only recent days get a partition of their own.
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    event_id uuid NOT NULL,
    topic text NOT NULL,
    partition int,
    key text,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (created_at);
CREATE INDEX outbox_watermark ON outbox (xid, id);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

CREATE TABLE outbox_cursor (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    xid xid8 NOT NULL,
    last_id bigint NOT NULL,
    system_identifier bigint NOT NULL,
    epoch bigint NOT NULL
);
INSERT INTO outbox_cursor (xid, last_id, system_identifier, epoch)
SELECT '0'::xid8, 0, system_identifier, 0 FROM pg_control_system();

CREATE TABLE relay_lease (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    owner text NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
INSERT INTO relay_lease (owner, epoch, expires_at) VALUES ('nobody', 0, '-infinity');

CREATE TABLE outbox_oversized (
    id bigint PRIMARY KEY,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    size int NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE dead_letter (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    offset_ bigint NOT NULL,
    row_ int NOT NULL DEFAULT 0,
    key text,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    hash text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'replay', 'discard', 'replayed', 'discarded')),
    attempts int NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    UNIQUE (topic, partition, offset_, row_)
);
CREATE INDEX dead_letter_unsettled ON dead_letter (topic, partition)
    WHERE state IN ('open', 'replay', 'discard');

CREATE TABLE parked (
    topic text NOT NULL,
    partition int NOT NULL,
    offset_ bigint NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    dead_letter_id uuid NOT NULL REFERENCES dead_letter,
    parked_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, offset_)
);
CREATE INDEX parked_behind ON parked (dead_letter_id, offset_);

CREATE TABLE idempotency (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status int,
    body bytea,
    headers jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE event_link (
    event_id uuid NOT NULL,
    cause_id text,
    cause_type text,
    type text NOT NULL,
    subject text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (recorded_at);
CREATE INDEX event_link_event ON event_link (event_id);
CREATE INDEX event_link_cause ON event_link (cause_id);
CREATE TABLE event_link_default PARTITION OF event_link DEFAULT;

CREATE TABLE org_unit (
    code text PRIMARY KEY,
    parent text REFERENCES org_unit,
    kind text NOT NULL CHECK (kind IN ('province', 'city', 'county', 'store')),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    retention_owner text,
    dispatcher text,
    mailbox text,
    calendar text,
    version int NOT NULL
);

-- The lowest revision that running code must know; a post_ migration raises it.
CREATE TABLE schema_floor (known int NOT NULL);
INSERT INTO schema_floor VALUES (1);
"""

# Row-level security compares organisation codes by their beginnings. Unset is an error, never
# "sees everything" and never "sees nothing": a forgotten caller must be noticed.
_VISIBLE = """
CREATE FUNCTION organisation_visible(county text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    caller text := current_setting('holdfast.organisation', true);
BEGIN
    IF caller IS NULL OR caller = '' THEN
        RAISE EXCEPTION 'holdfast.organisation is not set in this transaction'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN starts_with(county, caller);
END $$;
"""

# What each role may do; nothing else is granted anywhere (least privilege).
_GRANTS = {
    "web": {
        "SELECT, INSERT": ("outbox", "event_link", "idempotency"),
        "SELECT": ("position", "org_unit", "schema_floor", "alembic_version", "dead_letter"),
        "UPDATE (status, body, headers)": ("idempotency",),
        "DELETE": ("idempotency",),
    },
    "worker": {
        "SELECT, INSERT, UPDATE": ("position", "relay_lease", "outbox_cursor", "dead_letter"),
        "SELECT, INSERT": ("inbox", "outbox", "outbox_oversized", "event_link"),
        "SELECT, INSERT, UPDATE, DELETE": ("parked",),
        "SELECT": ("org_unit", "schema_floor", "alembic_version"),
    },
}

_DAILY = ("inbox", "outbox", "event_link")


def create(service: str) -> None:
    """Make the tables of one service's schema; the connection's search path names it."""
    script.execute(_TABLES)
    op.execute(_VISIBLE)
    for table in _DAILY:
        for ahead in range(FIRST_DAYS):
            op.execute(
                f"""DO $$ DECLARE day date := current_date + {ahead}; BEGIN
                EXECUTE format('CREATE TABLE {table}_%s PARTITION OF {table} '
                    'FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYYMMDD'), day, day + 1);
                END $$"""
            )
    for kind, grants in _GRANTS.items():
        for privileges, tables in grants.items():
            op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO {service}_{kind}")
        op.execute(f"GRANT EXECUTE ON FUNCTION organisation_visible TO {service}_{kind}")
