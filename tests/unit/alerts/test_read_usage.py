"""The short way into the engine takes no record that the models refuse, and tells it like them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord

from services.alerts.engine.layout import RECORD
from services.alerts.handlers.read_usage import (
    Arrived,
    judged,
    rows_of_columns,
    rows_of_singles,
    single_of,
)
from shared.clock import Clock, Segment
from shared.consumer_internals import Record
from shared.events import arrow, envelope
from shared.events.catalogue import USAGE
from shared.events.event import EventId
from shared.events.partition import partition_of
from shared.events.usage import Direction, UsageKind, UsageRecorded
from shared.tracing import trace_of
from tests.unit.alerts.engine_facts import an_engine

NOW = datetime(2026, 2, 27, 1, tzinfo=UTC)
CLOCK = Clock([Segment(NOW - timedelta(days=1), NOW - timedelta(days=1), 1.0)])
CUSTOMER = 4_000_000_000_000_000_001
STRANGER = next(n for n in range(1, 99) if partition_of(n) != partition_of(CUSTOMER))


def a_record(**differs: Any) -> UsageRecorded:  # noqa: ANN401 - a fact's fields.
    fields: dict[str, Any] = {
        "event_id": EventId(uuid4()),
        "subject": f"customer/{CUSTOMER}",
        "sequence": 7,
        "at": NOW - timedelta(minutes=5, microseconds=-3),
        "customer_id": CUSTOMER,
        "county": "990101",
        "record_id": "R-1",
        "kind": UsageKind.VOICE,
        "direction": Direction.FORWARDED,
        "seconds": 90,
    }
    return UsageRecorded.model_validate(fields | differs)


def fetched(
    headers: dict[str, str], value: bytes, key: str | None, *more: tuple[str, bytes]
) -> Record:
    own = (*((name, text.encode()) for name, text in headers.items()), *more)
    place = (USAGE.name, partition_of(CUSTOMER), 0, int(NOW.timestamp() * 1_000), 1)
    made: Any = ConsumerRecord
    return made(*place, key.encode() if key else None, value, None, 0, 0, own)


def sent(event: UsageRecorded, **fields: object) -> Record:
    """A record as its source sends it; a field that is None is left out."""
    headers, value = envelope.encode(event, trace_of(None, "x"))
    body = {n: v for n, v in (json.loads(value) | fields).items() if v is not None}
    return fetched(headers, json.dumps(body).encode(), event.key)


def short(record: Record) -> object:
    return single_of(record, dict(record.headers), Arrived(CLOCK))


def test_a_sound_record_takes_the_short_way_with_all_that_the_kernel_asks() -> None:
    event = a_record()
    single = short(sent(event))

    assert single is not None
    [row] = rows_of_singles([single], lambda _: 0)  # pyright: ignore[reportArgumentType] - checked above.
    told = {name: row[name].item() for name in ("customer", "seconds", "county", "at", "row")}
    assert told == {
        "customer": CUSTOMER,
        "seconds": 90,
        "county": 990101,
        "at": int(NOW.timestamp() * 1e6) - 5 * 60_000_000 + 3,
        "row": -1,
    }
    assert (int(row["message_high"]) << 64) | int(row["message_low"]) == event.event_id.int


BROKEN = {
    "no customer": sent(a_record(), customer_id=None),
    "a number for text": sent(a_record(), customer_id=7),
    "another key": sent(a_record(), customer_id="12"),
    "a bad county": sent(a_record(), county="99010"),
    "a county with a line's end": sent(a_record(), county="990101\n"),
    "an unknown kind": sent(a_record(), kind="fax"),
    "negative money": sent(a_record(), fen=-1),
    "truth for a number": sent(a_record(), seconds=True),
    "a week too long": sent(a_record(), seconds=604_801),
    "no hash": sent(a_record(), peer="138"),
    "no zone": sent(a_record(), at="2026-02-27T00:55:00"),
    "1970": sent(a_record(at=datetime(1970, 1, 1, tzinfo=UTC))),
    "2099": sent(a_record(at=datetime(2099, 1, 1, tzinfo=UTC))),
    "a long id": sent(a_record(), record_id="R" * 65),
    "another time in the envelope": sent(a_record(), at="2026-02-27T00:54:00Z"),
    "no json": fetched(envelope.encode(a_record(), trace_of(None, "x"))[0], b"{", str(CUSTOMER)),
    "a header twice": fetched(
        *envelope.encode(a_record(), trace_of(None, "x")), str(CUSTOMER), ("ce_id", b"1")
    ),
}


@pytest.mark.parametrize("record", BROKEN.values(), ids=BROKEN)
def test_what_the_models_refuse_never_takes_the_short_way(record: Record) -> None:
    assert judged(record, CLOCK)
    assert short(record) is None


def message(rows: list[dict[str, Any]]) -> Record:
    batch = uuid4()
    headers, value = arrow.encode_rows(
        UsageRecorded, rows, batch_id=batch, trace=trace_of(None, "x")
    )
    return fetched(headers, value, None)


ROW: dict[str, Any] = {
    name: getattr(a_record(), name)
    for name in UsageRecorded.model_fields
    if name not in {"event_id", "subject", "sequence", "cause_id", "cause_type"}
}


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"customer_id": STRANGER}, "foreign-partition"),
        ({"customer_id": None}, "schema"),
        ({"customer_id": -4}, "schema"),
        ({"county": "99"}, "schema"),
        ({"county": None}, "schema"),
        ({"kind": "fax"}, "schema"),
        ({"direction": None}, "schema"),
        ({"seconds": 604_801}, "schema"),
        ({"fen": None}, "schema"),
        ({"at_home": None}, "schema"),
        ({"record_id": ""}, "schema"),
        ({"record_id": "R" * 65}, "schema"),
        ({"at": NOW + timedelta(minutes=6)}, "future"),
        ({"at": NOW - timedelta(days=401)}, "too-old"),
    ],
    ids=str,
)
def test_a_bad_row_costs_itself_and_its_neighbours_are_taken(
    differs: dict[str, Any], reason: str
) -> None:
    record = message([ROW, ROW | differs, ROW])

    rows, faults = rows_of_columns(record, dict(record.headers), an_engine(), Arrived(CLOCK))

    assert rows.dtype == RECORD
    assert rows["row"].tolist() == [0, 2]
    assert [(f.record.row, f.fault.reason if f.fault else "") for f in faults] == [(1, reason)]


def test_a_long_record_id_of_few_characters_is_only_looked_at_twice() -> None:
    record = message([ROW | {"record_id": "号" * 40}])

    rows, faults = rows_of_columns(record, dict(record.headers), an_engine(), Arrived(CLOCK))

    assert (len(rows), faults) == (1, [])


def test_a_message_that_is_no_columns_is_one_fault() -> None:
    sound = message([ROW, ROW])
    cut = fetched({n: v.decode() for n, v in sound.headers}, (sound.value or b"")[:200], None)

    rows, [fault] = rows_of_columns(cut, dict(cut.headers), an_engine(), Arrived(CLOCK))

    assert len(rows) == 0
    assert fault.fault is not None
    assert fault.fault.reason == "not-arrow"
