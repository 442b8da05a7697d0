"""The closed list of metrics: name, kind, labels, what it means, what to do when it moves.

docs/metrics.md is drawn from `METRICS`. No label ever names a customer.
"""

from collections.abc import Sequence
from importlib import metadata

from shared.metrics import DECLARED, MetricDefinition
from shared.metrics import counter as _counter
from shared.metrics import gauge as _gauge
from shared.metrics import histogram as _histogram

METRICS: Sequence[MetricDefinition] = DECLARED

# --- stream in
RECORDS_CONSUMED = _counter(
    "holdfast_records_consumed",
    ("topic", "type", "outcome"),
    "Messages whose position was committed, handled or set aside.",
    "A falling rate with a growing lag: look at the worker's log and at PostgreSQL.",
)
BATCH_SECONDS = _histogram(
    "holdfast_batch_seconds",
    ("topic",),
    "Time of one transaction of a slice of records.",
    "Near 2 s the transaction limit halves batches: look for locks and slow statements.",
)
POSITION_LAG = _gauge(
    "holdfast_position_lag",
    ("topic", "partition"),
    "Records between the committed position and the end of the log, as of the last fetch.",
    "Growing for minutes: the worker is slower than its sources; look at the batch seconds.",
)
DEAD_LETTERS = _counter(
    "holdfast_dead_letters",
    ("topic", "reason"),
    "Records set aside because they could not be handled.",
    "holdfast deadletters list; mend the source or the code, then replay or discard.",
)
PARKED = _counter(
    "holdfast_parked",
    ("topic",),
    "Records that wait behind a dead letter of the same customer.",
    "holdfast deadletters list; replaying the letter brings what waits behind it, in order.",
)
RETRIES = _counter(
    "holdfast_batch_retries",
    ("topic",),
    "Times a batch waited because the database or the network was away.",
    "Rising: PostgreSQL is unreachable or overloaded; nothing is lost meanwhile.",
)
GAPS = _counter(
    "holdfast_gaps",
    ("topic",),
    "Batches that did not begin where the last one ended; the stored position was read again.",
    "More than a few an hour: report it with the worker's log.",
)
REWINDS = _counter(
    "holdfast_rewinds",
    (),
    "Times a worker read its positions again and went on from there.",
    "Three within a minute end the worker; look for a second process with the same name.",
)
LOST_COMPARE_AND_SET = _counter(
    "holdfast_lost_compare_and_set",
    ("topic",),
    "Transactions refused because another worker holds the partition.",
    "Harmless after a rebalance; steady: two workers fight, look at the position table's owner.",
)
CLAIMS = _counter(
    "holdfast_claims",
    ("topic",),
    "Partitions claimed by this worker.",
    "Many: the group rebalances; look for workers that come and go.",
)
DUE_HANDLED = _counter(
    "holdfast_due_handled",
    ("poller",),
    "Rows whose business time had come and that a poller handled.",
    "Standing still while rows are due: the worker's log says what its poller waits for.",
)
SECONDS_SINCE_POLL = _gauge(
    "holdfast_seconds_since_poll",
    (),
    "Seconds since the consumer last asked Kafka for records.",
    "Above 15 the worker is not ready, above 30 its watchdog ends it.",
)
READY = _gauge(
    "holdfast_ready",
    (),
    "1 while the worker is assigned, claimed and polling.",
    "0 for minutes: read its log; `holdfast doctor` names the part that is away.",
)

# --- stream out
OUTBOX_PUBLISHED = _counter(
    "holdfast_outbox_published",
    ("topic",),
    "Records acknowledged by all in-sync replicas.",
    "Standing still while the unsent age grows: the broker is away.",
)
OUTBOX_UNSENT_AGE = _gauge(
    "holdfast_outbox_unsent_age_seconds",
    (),
    "Age of the oldest row not yet published, as of the relay's last pass.",
    "Above 5: a long write transaction holds the watermark, or the broker is away.",
)
OUTBOX_OVERSIZED = _counter(
    "holdfast_outbox_oversized",
    ("topic",),
    "Rows set aside because no broker takes them.",
    "Any: a fact did not leave; see table outbox_oversized and mend its publisher.",
)
RELAY_LEADER = _gauge(
    "holdfast_relay_leader",
    (),
    "1 in the process that holds the relay's lease.",
    "The sum over a service's workers must be 1.",
)
RELAY_LEASES_LOST = _counter(
    "holdfast_relay_leases_lost",
    (),
    "Passes whose cursor did not move because another relay took over.",
    "Often: a process is paused for seconds at a time.",
)
RELAY_PASS_SECONDS = _histogram(
    "holdfast_relay_pass_seconds",
    (),
    "Time to publish one window, acknowledgements included.",
    "Above 0.5: look at the broker's produce latency.",
)

# --- database and clock
UNIT_OF_WORK_SECONDS = _histogram(
    "holdfast_unit_of_work_seconds",
    ("outcome",),
    "Time of one transaction, from its connection to commit or rollback.",
    "Many rollbacks: read the log; near 2 s: the transaction limit is about to end them.",
)
DEFAULT_PARTITION_BYTES = _gauge(
    "holdfast_default_partition_bytes",
    ("table",),
    "Size of what found no partition for its day, because none was made in time.",
    "Any: run `holdfast maintain`, then find out why it did not run daily. Falls with a vacuum.",
)
CLOCK_UNREAD_SECONDS = _gauge(
    "holdfast_clock_unread_seconds",
    (),
    "Machine time since the clock's segments were last read.",
    "Above 10 a change of business time may be missed: PostgreSQL is away.",
)
CLOCK_SEGMENT_AGE = _gauge(
    "holdfast_clock_segment_age_seconds",
    (),
    "Machine time since the present segment of business time began.",
    "Production has one segment for ever: a fall to 0 means that somebody moved the clock.",
)

# --- processes
PROCESS = _gauge(
    "holdfast_process",
    ("service", "process", "version"),
    "1; its labels say which process answers and of which version it is.",
    "Two versions for long: a roll-out stopped half-way.",
)


def process_started(*, service: str, process: str) -> None:
    PROCESS.labels(service=service, process=process, version=metadata.version("holdfast")).set(1)


# --- HTTP
HTTP_REQUESTS = _counter(
    "holdfast_http_requests",
    ("service", "operation", "status"),
    "Requests answered, by operation id.",
    "5xx: read the log line of the request; 429 and 409 tell of callers.",
)
HTTP_SECONDS = _histogram(
    "holdfast_http_seconds",
    ("service", "operation"),
    "Time to answer a request, commit included.",
    "p95 above 60 ms: look at the database first.",
)

# --- points
POINTS_POSTED = _counter(
    "holdfast_points_posted",
    ("kind",),
    "Points moved in the ledger, by kind of entry.",
    "Compare with the bill run; a sudden fall means bills are missing.",
)
POINTS_ENTRIES = _counter(
    "holdfast_points_entries",
    ("kind",),
    "Entries written to the ledger, by kind.",
    "Standing still during a bill run: look at the worker's lag.",
)
REDEMPTIONS = _counter(
    "holdfast_redemptions",
    ("outcome",),
    "Redemptions asked for, by outcome.",
    "Many refusals: a terminal repeats, or members are misled about their balance.",
)
REMINDERS = _counter(
    "holdfast_reminders",
    ("state",),
    "Clearing reminders that came to a state: planned, proposed, granted, reached and the others.",
    "no_capacity: more members than places a day; raise reminders_per_day_max of the programme.",
)

# --- ticketing
ORDER_STEPS = _counter(
    "holdfast_order_steps",
    ("order_type", "act"),
    "Steps of work orders: dispatched, accepted, completed, breached and the others.",
    "Many of `breach`: a branch is short of hands; many of `return`: orders lack something.",
)
DELIVERIES = _counter(
    "holdfast_deliveries",
    ("channel", "outcome"),
    "Tries to send mail or a webhook: delivered, retry, refused, gone (410), given_up after a day.",
    "Anything but delivered: GET /ticketing/v1/deliveries?state=failed names order and answer.",
)
DELIVERY_SECONDS = _histogram(
    "holdfast_delivery_seconds",
    ("channel",),
    "Time from an order's step to the receipt of what told its branch.",
    "Above 5 s: the mail server or an endpoint was away; look at the answers of deliveries.",
)

# --- alerts: ingest
INGEST_RECORDS = _counter(
    "holdfast_ingest_records",
    ("outcome",),
    "Call records that ingest took: on the log (accepted), or parked for want of a customer.",
    "Many parked: identity.v1 lags behind mediation, or the two use different keys.",
)
PARKED_USAGE = _counter(
    "holdfast_parked_usage",
    ("outcome",),
    "Parked call records that ended their wait: sent to their customer, or given_up after 24 h.",
    "Many given up: a range of numbers is missing in BOSS's assignments.",
)

# --- alerts: engine
USAGE_FOLDED = _counter(
    "holdfast_usage_folded",
    ("outcome",),
    "Usage records that a committed slice brought: folded, late (two days behind), repeated.",
    "Late ones that rise: a source delivers old files; repeated ones: a source sends twice.",
)
HITS = _counter(
    "holdfast_hits",
    ("rule",),
    "Edges of rules that were told as alerts.",
    "A jump after an activation: the rule is too wide; retire it and look at its hits.",
)
WATERMARK_STANDS = _gauge(
    "holdfast_watermark_stands_seconds",
    ("partition",),
    "Machine time since the partition's watermark last moved; silence rules stand still with it.",
    "Above 60 s: a source has stopped; ask it, or retire it if it is gone for good.",
)

# --- callcenter
PROPOSALS = _counter(
    "holdfast_contact_proposals",
    ("source", "answer"),
    "Proposed contacts, by who proposed and what the gate answered: granted, or the reason.",
    "Mostly weaker or cap: services propose more than customers may be called.",
)
CONTACTS = _counter(
    "holdfast_contacts",
    ("disposition", "result", "inbound"),
    "Calls recorded, by disposition (CC-11) and result.",
    "Few results beside many unanswered: look at calling hours and at the numbers in the vault.",
)
