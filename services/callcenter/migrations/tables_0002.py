"""The tables of revision 0002 (contracts §6). Frozen: a change is a new revision."""

TABLES = """
CREATE TABLE customer (
    customer_id bigint PRIMARY KEY,
    county text NOT NULL,
    tier text NOT NULL,
    status text NOT NULL,
    plan text NOT NULL,
    credit int NOT NULL,
    group_code text,
    joined_on date,
    birthday_month int,
    contracts jsonb NOT NULL,
    sequence bigint NOT NULL
);

-- What forbids calls. Each half is dated by itself: the newest by event time wins (contracts §6).
CREATE TABLE guard (
    customer_id bigint PRIMARY KEY,
    portability text NOT NULL DEFAULT 'none',
    portability_at timestamptz NOT NULL DEFAULT '-infinity',
    do_not_call boolean NOT NULL DEFAULT false,
    allowed boolean NOT NULL DEFAULT true,
    consent_at timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE TABLE portfolio (
    customer_id bigint PRIMARY KEY,
    manager text NOT NULL,
    since timestamptz NOT NULL,
    version int NOT NULL DEFAULT 1
);
CREATE INDEX portfolio_manager ON portfolio (manager);

-- One row per customer, locked by whoever decides about a contact or changes one.
CREATE TABLE contact_budget (
    customer_id bigint PRIMARY KEY,
    reached_at timestamptz,
    frozen_until timestamptz,
    open_grant_id uuid,
    version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 70);

CREATE TABLE proposal (
    customer_id bigint NOT NULL,
    proposal_id text NOT NULL,
    attempt int NOT NULL CHECK (attempt BETWEEN 1 AND 2),
    source text NOT NULL,
    cause_id text NOT NULL,
    cause_type text NOT NULL,
    county text NOT NULL,
    reason text NOT NULL,
    about text NOT NULL,
    priority int NOT NULL,
    tier text NOT NULL,
    not_before timestamptz,
    valid_until timestamptz NOT NULL,
    proposed_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'granted', 'declined')),
    because text,
    again_at timestamptz,
    grant_id uuid,
    PRIMARY KEY (customer_id, proposal_id, attempt)
);
CREATE INDEX proposal_by_id ON proposal (proposal_id);
-- They wait for a profile: the proposal overtook it.
CREATE INDEX proposal_waiting ON proposal (valid_until) WHERE state = 'waiting';

CREATE TABLE contact_grant (
    grant_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    proposal_id text NOT NULL,
    source text NOT NULL,
    priority int NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'reached', 'ended')),
    ended_by text,
    granted_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL
);
-- One contact at a time, whatever the code does.
CREATE UNIQUE INDEX contact_grant_open ON contact_grant (customer_id) WHERE state = 'open';

-- `holder` and `held_until` are the live reservation or lease, by the database's clock. They stand
-- in the row that competes for: a second manager who waited for its lock sees them.
CREATE TABLE task (
    task_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    county text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('contact', 'counter', 'inbound')),
    grant_id uuid,
    request_id text,
    cause_id text NOT NULL,
    cause_type text NOT NULL,
    reason text NOT NULL,
    about text NOT NULL,
    priority int NOT NULL,
    tier text NOT NULL,
    tier_rank int NOT NULL,
    queue int NOT NULL CHECK (queue IN (0, 1, 2)),
    owner text,
    group_at timestamptz NOT NULL,
    owner_until timestamptz,
    not_before timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    call_back_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('open', 'done', 'cancelled', 'expired')),
    because text,
    holder text,
    held_until timestamptz,
    accepted_at timestamptz,
    reservations int NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    UNIQUE (customer_id, request_id),
    CHECK (held_until IS NULL OR holder IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX task_queue ON task (county, not_before) WHERE state = 'open';
CREATE INDEX task_due ON task (valid_until) WHERE state = 'open';
CREATE INDEX task_held ON task (holder) WHERE state = 'open' AND holder IS NOT NULL;
CREATE INDEX task_grant ON task (grant_id) WHERE state = 'open';
CREATE INDEX task_customer ON task (customer_id, opened_at DESC);
CREATE INDEX task_newest ON task (opened_at DESC, task_id DESC);

CREATE TABLE reservation (
    task_id uuid NOT NULL,
    number int NOT NULL,
    manager text NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    accepted_at timestamptz,
    PRIMARY KEY (task_id, number)
);

CREATE TABLE contact (
    contact_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    task_id uuid NOT NULL,
    grant_id uuid,
    disposition int NOT NULL CHECK (disposition BETWEEN 1 AND 7),
    result text CHECK (result IN ('agreed', 'refused', 'call_back')),
    reached boolean NOT NULL,
    inbound boolean NOT NULL,
    manager text NOT NULL,
    note text,
    at timestamptz NOT NULL
);
CREATE INDEX contact_customer ON contact (customer_id, at DESC);

CREATE TABLE agreement (
    agreement_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    task_id uuid NOT NULL,
    order_type text NOT NULL,
    offer text NOT NULL,
    manager text NOT NULL,
    agreed_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    version int NOT NULL DEFAULT 1
);
CREATE INDEX agreement_customer ON agreement (customer_id, agreed_at DESC);

-- Names and numbers of persons: here, and nowhere else (contracts §4).
CREATE TABLE vault (
    customer_id bigint PRIMARY KEY,
    county text NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    tail text GENERATED ALWAYS AS (right(number, 4)) STORED
);
CREATE INDEX vault_number ON vault (number);
CREATE INDEX vault_tail ON vault (tail);
CREATE INDEX vault_name ON vault (name);

-- Who looked at whom; written only, read by auditors with the owner's role.
CREATE TABLE reveal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('cards', 'search', 'reveal')),
    caller text NOT NULL,
    reason text,
    customers bigint[] NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE episode (
    episode_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    severity text NOT NULL,
    priority int NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    outcome text
);
CREATE INDEX episode_customer ON episode (customer_id, opened_at DESC);

CREATE TABLE alert (
    alert_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    episode_id uuid NOT NULL,
    rule text NOT NULL,
    rule_version int NOT NULL,
    severity text NOT NULL,
    evidence jsonb NOT NULL,
    raised_at timestamptz NOT NULL
);
CREATE INDEX alert_customer ON alert (customer_id, raised_at DESC);

CREATE TABLE work_order (
    order_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    number text,
    order_type text,
    state text NOT NULL,
    due_at timestamptz,
    breached boolean NOT NULL DEFAULT false,
    escalated int NOT NULL DEFAULT 0,
    result text,
    lost_reason text,
    sequence bigint NOT NULL,
    moved_at timestamptz NOT NULL
);
CREATE INDEX work_order_customer ON work_order (customer_id, moved_at DESC);

CREATE TABLE at_risk (
    customer_id bigint PRIMARY KEY,
    points bigint NOT NULL,
    clears_on date NOT NULL,
    told_at timestamptz NOT NULL
);

CREATE TABLE bill (
    customer_id bigint NOT NULL,
    bill_id text NOT NULL,
    month text NOT NULL,
    amount_fen bigint NOT NULL,
    PRIMARY KEY (customer_id, bill_id)
);

CREATE TABLE signal (
    event_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    reference text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX signal_customer ON signal (customer_id, at DESC);
"""
