"""What ingest and merger keep: numbers' owners, parked records, batches, sources, counters."""

from shared.migrations import script

revision = "0003"
down_revision = "0002"

_TABLES = """
-- A number's owners over time, by keyed hash; `version` is by which API processes follow.
CREATE TABLE identity (
    number_hash bytea NOT NULL CHECK (octet_length(number_hash) = 32),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz CHECK (valid_to > valid_from),
    customer_id bigint NOT NULL CHECK (customer_id > 0),
    county text NOT NULL,
    key_id text NOT NULL,
    sequence numeric(20) NOT NULL,
    version xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (number_hash, valid_from)
);
CREATE INDEX identity_version ON identity (version);

-- Records whose number nobody owned when they came: hashes only, for a business day.
CREATE TABLE parked_usage (
    parked_id uuid PRIMARY KEY,
    place bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    record_id text NOT NULL,
    number_hash bytea NOT NULL CHECK (octet_length(number_hash) = 32),
    at timestamptz NOT NULL,
    kind text NOT NULL,
    direction text NOT NULL,
    seconds int NOT NULL,
    kilobytes bigint NOT NULL,
    fen bigint NOT NULL,
    peer bytea,
    forwarded_to bytea,
    at_home boolean NOT NULL,
    due_at timestamptz NOT NULL,
    given_up_at timestamptz NOT NULL CHECK (given_up_at >= due_at)
);
CREATE INDEX parked_usage_number ON parked_usage (number_hash);
CREATE INDEX parked_usage_due ON parked_usage (due_at);

CREATE TABLE source (
    source text PRIMARY KEY,
    registered_at timestamptz NOT NULL,
    registered_by text NOT NULL
);

-- `plan` says whose each record is until all of them are on the log: a repeat decides nothing anew.
CREATE TABLE ingest_batch (
    source text NOT NULL REFERENCES source,
    batch_id text NOT NULL,
    digest bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    accepted int NOT NULL,
    parked int NOT NULL,
    plan bytea,
    PRIMARY KEY (source, batch_id)
);
CREATE INDEX ingest_batch_age ON ingest_batch (begun_at);

CREATE TABLE control_counter (
    source text NOT NULL,
    partition int NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    PRIMARY KEY (source, partition)
);
"""

_GRANTS = """
GRANT SELECT, INSERT, UPDATE ON identity TO alerts_worker;
GRANT SELECT ON identity TO alerts_web;
GRANT SELECT, UPDATE, DELETE ON parked_usage TO alerts_worker;
GRANT INSERT ON parked_usage TO alerts_web;
GRANT SELECT, INSERT ON source TO alerts_web;
GRANT SELECT, INSERT, UPDATE (plan) ON ingest_batch TO alerts_web;
GRANT SELECT, INSERT, UPDATE ON control_counter TO alerts_web;
"""


def upgrade() -> None:
    script.execute(_TABLES)
    script.execute(_GRANTS)
