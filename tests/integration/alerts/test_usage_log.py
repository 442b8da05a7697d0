"""The usage log through a real worker: episodes, proposals, broken records, restarts, the gap."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
from alerts_parts import Alerts, a_customer
from doorway_parts import Doorway, Record, comes_to, ends_with
from pyarrow import ipc
from usage_parts import (
    NOW,
    UsageWorker,
    baseline,
    call,
    columns,
    fact,
    registered,
    single,
    told,
)

from shared.events.billing import BillIssued
from shared.events.event import EventId
from shared.events.partition import partition_of
from shared.events.usage import UsageHeartbeat

PARTITION = 5


@pytest.fixture(scope="module")
async def usage(
    doorway: Doorway, alerts: Alerts, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[UsageWorker]:
    folder: Path = tmp_path_factory.mktemp("alerts-worker")
    (folder / "checkpoints").mkdir()
    made = UsageWorker(doorway, alerts, folder)
    await made.place_at_log_ends()
    await made.start()
    yield made
    made.stop()


def a_bill(customer: int, yuan: int) -> BillIssued:
    last_month = (NOW + timedelta(hours=8)).replace(day=1) - timedelta(days=1)
    return BillIssued(
        event_id=EventId(uuid4()),
        subject=f"customer/{customer}",
        at=NOW,
        customer_id=customer,
        county="990101",
        bill_id=f"B-{uuid4()}",
        month=f"{last_month + timedelta(days=1):%Y-%m}",
        amount_fen=yuan * 100,
    )


@pytest.mark.requirement("AL-02")
@pytest.mark.requirement("AL-13")
async def test_forwarded_calls_become_an_episode_with_evidence_and_a_proposal(
    usage: UsageWorker,
) -> None:
    customer = a_customer(PARTITION)
    calls = [call(customer, 20, ago=60), call(customer, 5, ago=50, direction="in")]

    await usage.doorway.send(
        told(registered(PARTITION), PARTITION),
        columns(calls, PARTITION),
        single(call(customer, 15)),
    )
    await usage.comes_to_rules(customer, ["AL-02"])

    [(state, severity, priority, attempt, proposal)] = await usage.alerts.rows(
        "SELECT state, severity, priority, attempt, proposal_id FROM episode "
        "WHERE customer_id = $1",
        customer,
    )
    assert (state, severity, priority, attempt) == ("open", "major", 60, 1)
    [(body,)] = await usage.alerts.rows(
        "SELECT body FROM evidence JOIN hit USING (alert_id) WHERE customer_id = $1", customer
    )
    evidence = json.loads(body)
    assert (evidence["value"], evidence["threshold"], evidence["unit"]) == (87.5, 40.0, "percent")
    assert [json.loads(copy)["seconds"] for copy in evidence["records"]] == [300, 900]
    facts = await facts_of(usage, customer)
    assert [kind for kind, _ in facts] == [
        "alerts.raised.v1",
        "alerts.episode_opened.v1",
        "alerts.contact_proposed.v1",
    ]
    assert facts[-1][1]["proposal_id"] == proposal
    assert UUID(proposal)


async def facts_of(usage: UsageWorker, customer: int) -> list[tuple[str, dict[str, object]]]:
    rows = await usage.alerts.rows(
        "SELECT headers->>'ce_type', value FROM outbox WHERE key = $1 ORDER BY id", str(customer)
    )
    return [(kind, json.loads(value)) for kind, value in rows]


@pytest.mark.requirement("AL-01")
@pytest.mark.requirement("AL-28")
async def test_a_bill_comes_through_the_merger_and_silence_by_the_clock_of_the_log(
    usage: UsageWorker,
) -> None:
    plunging, silent = a_customer(PARTITION), a_customer(PARTITION)
    beat = UsageHeartbeat(
        event_id=EventId(uuid4()),
        subject="source/mediation",
        at=NOW + timedelta(hours=2),
        source="mediation",
        partition=PARTITION,
    )

    await usage.doorway.send(
        fact(baseline(plunging)), fact(baseline(silent)), single(call(plunging, 1))
    )
    await usage.doorway.send(fact(a_bill(plunging, 60)), told(beat, PARTITION))

    await usage.comes_to_rules(plunging, ["AL-01"])
    await usage.comes_to_rules(silent, ["AL-28"])
    links = await usage.alerts.rows(
        "SELECT type FROM event_link l JOIN hit h ON h.cause_id = l.event_id::text "
        "WHERE h.customer_id = $1 AND l.cause_id IS NULL",
        plunging,
    )
    assert links == [("billing.bill_issued.v1",)]


async def test_a_repeated_message_is_folded_once_and_a_repeated_number_too(
    usage: UsageWorker,
) -> None:
    customer = a_customer(PARTITION)
    upload = columns([call(customer, 10, ago=20)], PARTITION)
    numbered = single(call(customer, 10, ago=10), sequence=7)

    await usage.doorway.send(upload, upload, numbered, numbered, upload)
    skipped = "SELECT count(*) FROM skipped_usage WHERE partition = $1"

    async def repeats() -> list[tuple[object, ...]]:
        return await usage.alerts.rows(skipped, PARTITION)

    await comes_to(repeats, [(3,)])
    await usage.doorway.send(single(call(customer, 9, ago=5)))  # 29 minutes: the rule asks for 30
    await usage.doorway.send(columns([call(customer, 1, ago=4)], PARTITION))
    await usage.comes_to_rules(customer, ["AL-02"])
    [(at,)] = await usage.alerts.rows("SELECT at FROM hit WHERE customer_id = $1", customer)
    assert at == NOW - timedelta(minutes=4)


async def test_broken_records_are_set_aside_and_their_neighbours_folded(
    usage: UsageWorker,
) -> None:
    customer, stranger = a_customer(PARTITION), a_customer(PARTITION + 1)
    sound = columns([call(customer, 10, ago=20)], PARTITION)
    mixed = [
        call(customer, 10, ago=15),
        call(stranger, 10, ago=15),
        call(customer, 10, ago=15) | {"seconds": -1},
        call(customer, 10, ago=15) | {"at": datetime(2099, 1, 1, tzinfo=UTC)},
        call(customer, 10, ago=14),
    ]
    sent = single(call(customer, 0, ago=13))

    await usage.doorway.send(
        sound,
        with_value(columns(mixed, PARTITION), sound.value[: len(sound.value) // 2]),
        with_value(columns(mixed, PARTITION), other_columns()),
        columns(mixed, PARTITION),
        with_value(sent, b"{broken"),
        sent.with_fields(fen=-5),
        sent.with_headers(ce_type="usage.recorded.v9"),
        single(call(customer, 1, ago=9) | {"at": datetime(1970, 1, 1, tzinfo=UTC)}),
    )

    await usage.comes_to_rules(customer, ["AL-02"])

    async def reasons() -> list[tuple[object, ...]]:
        return await usage.alerts.rows(
            "SELECT reason, row_ FROM dead_letter ORDER BY offset_, row_"
        )

    await comes_to(
        reasons,
        [
            ("not-arrow", 0),
            ("wrong-columns", 0),
            ("foreign-partition", 1),
            ("schema", 2),
            ("future", 3),
            ("not-json", 0),
            ("schema", 0),
            ("unknown-version", 0),
            ("too-old", 0),
        ],
    )
    assert await usage.rules_of(stranger) == []
    assert partition_of(stranger) != PARTITION


def with_value(record: Record, value: bytes) -> Record:
    return replace(record, value=value)


def other_columns() -> bytes:
    sink = pa.BufferOutputStream()
    schema = pa.schema([("customer_id", pa.int64())])
    with ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([{"customer_id": 1}], schema))
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_worker_that_comes_back_has_its_rows_and_repeats_nothing(
    usage: UsageWorker, how: str
) -> None:
    customer, told_before = a_customer(PARTITION), a_customer(PARTITION)
    half = columns([call(customer, 20, ago=9), call(told_before, 40, ago=9)], PARTITION)
    await usage.doorway.send(half)
    await usage.comes_to_rules(told_before, ["AL-02"])

    worker = usage.workers[-1]
    if how == "stopped":
        worker.stop()
        saved = await usage.alerts.rows(
            "SELECT count(*) FROM checkpoint WHERE partition = $1 AND url IS NOT NULL", PARTITION
        )
        assert saved[0][0] >= 1, worker.last_words()
    else:
        worker.kill()
        usage.forget_the_dead()
    await usage.start()
    await usage.doorway.send(half, columns([call(customer, 15, ago=5)], PARTITION))

    await usage.comes_to_rules(customer, ["AL-02"])
    assert await usage.rules_of(told_before) == ["AL-02"]
    raised = [kind for kind, _ in await facts_of(usage, told_before)]
    assert raised.count("alerts.raised.v1") == 1


async def test_a_gap_in_the_control_messages_ends_the_worker_with_78(usage: UsageWorker) -> None:
    await usage.doorway.send(told(registered(PARTITION, number=9), PARTITION))

    code, reason = await ends_with(usage.workers[-1])

    assert code == 78
    assert "2 to 8 of http" in reason
