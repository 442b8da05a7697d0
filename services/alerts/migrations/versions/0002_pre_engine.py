"""What alerts keeps beside the engine: rules, hits, episodes, evidence, checkpoints."""

from shared.migrations import script

revision = "0002"
down_revision = "0001"

_TABLES = """
-- Where a partition's rows lie as a snapshot; without url: the log's start, as first claimed.
CREATE TABLE checkpoint (
    partition int NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    epoch bigint NOT NULL,
    url text,
    checksum text,
    layout int NOT NULL,
    rows bigint NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (partition, next_offset),
    CHECK ((url IS NULL) = (checksum IS NULL))
);

-- Messages that the engine skipped as repeats: who folds the log again must skip them, too.
CREATE TABLE skipped_usage (
    partition int NOT NULL,
    offset_ bigint NOT NULL,
    PRIMARY KEY (partition, offset_)
);

CREATE TABLE rule (
    code text PRIMARY KEY,
    severity text NOT NULL CHECK (severity IN ('critical', 'major', 'minor')),
    reason text NOT NULL,
    title_en text NOT NULL,
    title_zh text NOT NULL
);
INSERT INTO rule VALUES
    ('AL-01', 'major', 'bill_plunge', 'Bill plunge', '话费骤减预警'),
    ('AL-02', 'major', 'call_forwarding', 'High call-forwarding', '高呼转预警'),
    ('AL-04', 'critical', 'deactivation', 'Deactivation requested at a store', '营业厅销号'),
    ('AL-06', 'minor', 'contract_expiry', 'Contract expiry', '合约到期'),
    ('AL-28', 'major', 'silence', 'Silence', '静默');

-- A version of a rule with its parameters; it is live from the place in the log where it stands.
CREATE TABLE activation (
    rule text NOT NULL REFERENCES rule,
    version int NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('live', 'retired')),
    cool_down_days int NOT NULL CHECK (cool_down_days >= 0),
    parameters jsonb NOT NULL,
    PRIMARY KEY (rule, version)
);
INSERT INTO activation VALUES
    ('AL-01', 1, 'live', 7,
     '{"plunge_percent": 30, "plunge_mean_fen_min": 5000, "warm_up_days": 14}'),
    ('AL-02', 1, 'live', 7, '{"forwarded_percent": 40, "forwarded_seconds_min": 1800}'),
    ('AL-04', 1, 'live', 7, '{}'),
    ('AL-06', 1, 'live', 0, '{"expiry_days": 30}'),
    ('AL-28', 1, 'live', 7,
     '{"silence_seconds_min": 259200, "silence_gaps": 6, "silence_records_min": 10,
       "warm_up_days": 14}');

-- The alerts of one customer that belong together, and how far its proposed contact is.
CREATE TABLE episode (
    episode_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    county text NOT NULL,
    tier text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    severity text NOT NULL CHECK (severity IN ('critical', 'major', 'minor')),
    priority int NOT NULL CHECK (priority BETWEEN 0 AND 100),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    outcome text,
    version bigint NOT NULL,
    proposal_id text,
    proposal_reason text,
    proposal_priority int,
    proposal_cause uuid,
    attempt int CHECK (attempt IN (1, 2)),
    valid_until timestamptz,
    answer text CHECK (answer IN ('granted', 'declined', 'replaced')),
    because text,
    grant_id uuid,
    answered_at timestamptz,
    again_at timestamptz,
    agreed_at timestamptz,
    settle_at timestamptz,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL AND outcome IS NOT NULL))
);
CREATE UNIQUE INDEX episode_open ON episode (customer_id) WHERE state = 'open';
CREATE INDEX episode_customer ON episode (customer_id, opened_at);
CREATE INDEX episode_pages ON episode (opened_at DESC, episode_id DESC);
CREATE INDEX episode_again ON episode (again_at) WHERE again_at IS NOT NULL;
CREATE INDEX episode_settle ON episode (settle_at) WHERE settle_at IS NOT NULL;

CREATE TABLE hit (
    alert_id uuid PRIMARY KEY,
    episode_id uuid NOT NULL REFERENCES episode,
    customer_id bigint NOT NULL,
    rule text NOT NULL REFERENCES rule,
    rule_version int NOT NULL,
    severity text NOT NULL,
    at timestamptz NOT NULL,
    cause_id text,
    cause_type text
);
CREATE INDEX hit_episode ON hit (episode_id);

-- Why: numbers, and copies of the records, for the log is gone after a week.
CREATE TABLE evidence (
    alert_id uuid PRIMARY KEY REFERENCES hit,
    body jsonb NOT NULL
);

CREATE TABLE suppression (
    alert_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    county text NOT NULL,
    rule text NOT NULL REFERENCES rule,
    rule_version int NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX suppression_customer ON suppression (customer_id, at);
"""

_GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON checkpoint TO alerts_worker;
GRANT SELECT, INSERT, DELETE ON skipped_usage TO alerts_worker;
GRANT SELECT ON rule, activation TO alerts_worker, alerts_web;
GRANT SELECT, INSERT, UPDATE ON episode TO alerts_worker;
GRANT SELECT, INSERT ON hit, evidence, suppression TO alerts_worker;
GRANT SELECT ON episode, hit, evidence, suppression TO alerts_web;
GRANT SELECT ON checkpoint TO alerts_web;
"""

# A branch sees the episodes of its own county, and what belongs to them; workers see all.
_SEEN_WITH_EPISODE = {
    "hit": "e.episode_id = hit.episode_id",
    "evidence": "e.episode_id = (SELECT h.episode_id FROM hit h"
    " WHERE h.alert_id = evidence.alert_id)",
}


def upgrade() -> None:
    script.execute(_TABLES)
    script.execute(_GRANTS)
    for table in ("episode", "suppression"):
        _protect(table, "organisation_visible(county)")
    for table, joined in _SEEN_WITH_EPISODE.items():
        _protect(table, f"EXISTS (SELECT FROM episode e WHERE {joined})")


def _protect(table: str, visible: str) -> None:
    script.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY branch ON {table} TO alerts_web USING ({visible});
        CREATE POLICY worker ON {table} TO alerts_worker USING (true);
        CREATE POLICY owner ON {table} TO alerts_migrate USING (true);
    """)
