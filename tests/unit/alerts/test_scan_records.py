"""The scanner of record batches takes nothing that the longer way refuses, and tells it alike."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.engine import scan_fields, scan_records, text
from services.alerts.engine.facts import microseconds
from services.alerts.engine.jit import interpreted
from services.alerts.handlers.read_usage import Arrived, rows_of_singles, single_of
from services.alerts.handlers.scan_usage import runs
from shared.clock import Clock, Segment
from shared.events import envelope
from shared.events.catalogue import USAGE
from shared.raw_records import RawRecords, plain_records
from shared.tracing import trace_of
from tests.unit.alerts.test_read_usage import CLOCK, CUSTOMER, NOW, a_record

LOGGED = int(NOW.timestamp() * 1_000)
Sent = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def batch_of(sent: Sequence[Sent], *, first: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 2**20)
    for n, (key, value, headers) in enumerate(sent):
        builder.append(n, LOGGED + n, key, value, headers)
    raw = builder.build()
    raw[:8] = first.to_bytes(8)
    return bytes(raw)


def fetched(*batches: Sequence[Sent], offset: int = 0, partition: int = 3) -> RawRecords:
    firsts = [sum(map(len, batches[:n])) for n in range(len(batches))]
    raw = b"".join(batch_of(sent, first=first) for sent, first in zip(batches, firsts, strict=True))
    found = plain_records(TopicPartition(USAGE.name, partition), raw, offset)
    assert found is not None
    return found


def sent(value: bytes | None = None, key: bytes | None = None, **headers: bytes | None) -> Sent:
    """A sound record, but for what differs; a header that is None is left out."""
    event = a_record()
    told, body = envelope.encode(event, trace_of(None, "x"))
    own = {name: text.encode() for name, text in told.items()}
    named = {name.replace("content_type", "content-type"): v for name, v in headers.items()}
    kept = [(name, v) for name, v in (own | named).items() if v is not None]
    return key or str(CUSTOMER).encode(), body if value is None else value, kept


BODY: dict[str, Any] = json.loads(sent()[1] or b"")


class Told(NamedTuple):
    row: Any
    source: str
    sequence: int


def told(records: RawRecords) -> list[Told | None]:
    """Of each record, what the scanner makes of it; None where it leaves it to others."""
    scanned = scan_records.scan(records.chunk.raw, records.begin, records.end)
    usual = [run.usual for run in runs(scanned, Arrived(CLOCK)) for _ in range(run.begin, run.end)]
    sequences = scanned.told["sequence"].tolist()
    return [
        Told(row, scanned.sources[row["source"]], sequence) if good else None
        for row, sequence, good in zip(scanned.rows, sequences, usual, strict=True)
    ]


def same_as_the_longer_way(records: RawRecords) -> int:
    """Hold both ways together; how many records took the short one."""
    short = 0
    for record, found in zip(records, told(records), strict=True):
        if found is None:
            continue
        short += 1
        single = single_of(record, dict(record.headers), Arrived(CLOCK))
        assert single is not None, "the scanner took what the longer way refuses"
        assert (single.source, single.sequence) == (found.source, found.sequence)
        [expected] = rows_of_singles([single], lambda _: 0)
        names = set(expected.dtype.names or ()) - {"source", "slot", "message"}
        assert {n: found.row[n].item() for n in names} == {n: expected[n].item() for n in names}
    return short


def test_a_sound_record_is_read_on_its_bytes() -> None:
    assert same_as_the_longer_way(fetched([sent()] * 3, [sent()] * 2)) == 5


def body(**differs: object) -> bytes:
    return json.dumps(BODY | differs).encode()


def moment(at: str) -> Sent:
    return sent(body(at=at), ce_time=at.encode())


USUAL = {
    "spaces": sent(json.dumps(BODY, indent=2).encode()),
    "another order": sent(json.dumps(dict(reversed(BODY.items()))).encode()),
    "no defaults": sent(json.dumps({n: BODY[n] for n in list(BODY)[:6]}).encode()),
    "hashes": sent(body(peer="0a" * 32, forwarded_to="f" * 64)),
    "an offset": moment("2026-02-27T08:55:00.5+08:00"),
    "an offset behind": moment("2026-02-26T21:25:00-03:30"),
    "whole seconds": moment("2026-02-27T00:55:00Z"),
    "the day's last second": moment("2026-02-26T23:59:59.000001Z"),
    "no source": sent(ce_source=None),
    "no sequence": sent(ce_sequence=None),
    "a long sequence": sent(ce_sequence=b"00000000000000000042"),
    "capital hex": sent(ce_id=str(uuid4()).upper().encode()),
    "the most of all": sent(body(seconds=604_800, kilobytes=2**40 - 1, fen=10**12 - 1)),
    "another source": sent(ce_source="/源".encode()),
}
UNUSUAL = {
    "an escape": sent(body(record_id="R\n1")),
    "an escaped letter": sent(body().replace(b"R-1", b"R\\u002d1")),
    "letters beyond ASCII": sent(
        json.dumps(BODY | {"record_id": "号"}, ensure_ascii=False).encode()
    ),
    "a float": sent(body(seconds=90.0)),
    "an exponent": sent(body().replace(b": 90", b": 9e1")),
    "a huge number": sent(body(fen=10**30)),
    "one beyond": sent(body(seconds=604_801)),
    "a nought before": sent(body().replace(b": 90", b": 090")),
    "a sign": sent(body(fen=-1)),
    "a number as text": sent(body(seconds="90")),
    "truth for a number": sent(body(seconds=True)),
    "a missing field": sent(json.dumps({n: v for n, v in BODY.items() if n != "kind"}).encode()),
    "an unknown field": sent(body(colour="red")),
    "a field twice": sent(body()[:-1] + b', "seconds": 91}'),
    "an object": sent(body(peer={"a": 1})),
    "no object": sent(b"[1]"),
    "cut short": sent(body()[:-1]),
    "more behind": sent(body() + b" {}"),
    "nothing": sent(b""),
    "only a brace": sent(b"{"),
    "an unknown kind": sent(body(kind="fax")),
    "a short county": sent(body(county="99010")),
    "no hash": sent(body(peer="0A" * 32)),
    "no zone": moment("2026-02-27T00:55:00"),
    "seven digits": moment("2026-02-27T00:55:00.1234567Z"),
    "no such day": moment("2026-02-29T00:55:00Z"),
    "hour 24": moment("2026-02-26T24:00:00Z"),
    "1969": moment("1969-12-31T23:59:59Z"),
    "2099": moment("2099-01-01T00:00:00Z"),
    "another time outside": sent(ce_time=b"2026-02-27T00:54:00Z"),
    "another key": sent(key=b"12"),
    "a key with a nought": sent(key=b"0" + str(CUSTOMER).encode()),
    "no version": sent(ce_specversion=None),
    "a later version": sent(ce_specversion=b"1.1"),
    "another type": sent(ce_type=b"usage.recorded.v2"),
    "no id": sent(ce_id=None),
    "an id without dashes": sent(ce_id=uuid4().hex.encode()),
    "no number": sent(ce_sequence=b"4x"),
    "21 digits": sent(ce_sequence=b"0" * 21),
    "a huge sequence": sent(ce_sequence=b"9" * 20),
    "an unknown header": sent(baggage=b"x"),
    "columns": sent(content_type=b"application/vnd.apache.arrow.stream"),
    "a header twice": (*sent()[:2], [*sent()[2], ("ce_source", b"/x")]),
    "no key": (None, *sent()[1:]),
    "no value": (sent()[0], None, sent()[2]),
}


@pytest.mark.parametrize("record", USUAL.values(), ids=USUAL)
def test_what_is_written_otherwise_but_well_is_read_alike(record: Sent) -> None:
    assert same_as_the_longer_way(fetched([sent(), record, sent()])) == 3


@pytest.mark.parametrize("record", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_goes_the_longer_way_and_its_neighbours_do_not(record: Sent) -> None:
    records = fetched([sent(), record, sent()])

    assert [found is None for found in told(records)] == [False, True, False]
    assert same_as_the_longer_way(records) == 2


values = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(max_size=70),
    st.sampled_from(["voice", "in", "990101", str(CUSTOMER), "a" * 64, "2026-02-27T00:55:00Z"]),
)


@given(
    st.dictionaries(st.sampled_from([*BODY, "colour"]), values, max_size=3),
    st.sets(st.sampled_from(list(BODY)), max_size=2),
    st.randoms(use_true_random=False),
)
@settings(max_examples=400, deadline=None)
def test_the_scanner_and_the_decoder_agree_on_any_fields(
    differs: dict[str, object], left_out: set[str], chance: random.Random
) -> None:
    fields = list((BODY | differs).items())
    chance.shuffle(fields)
    made = {name: value for name, value in fields if name not in left_out}
    plain, indent = chance.choice([True, False]), chance.choice([None, 1])
    value = json.dumps(made, ensure_ascii=plain, indent=indent).encode()

    same_as_the_longer_way(fetched([sent(value)]))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
@settings(max_examples=400, deadline=None)
def test_damaged_bytes_never_make_a_record_that_the_decoder_refuses(at: int, put: bytes) -> None:
    value = bytearray(body())
    value[at : at + len(put)] = put

    same_as_the_longer_way(fetched([sent(bytes(value))]))


@given(st.text("0123456789-:.TZ+ ", min_size=18, max_size=32))
@settings(max_examples=300, deadline=None)
def test_times_are_read_as_the_decoder_reads_them(at: str) -> None:
    same_as_the_longer_way(fetched([moment(at), moment(f"2026-02-{at[:2]}T00:5{at[3:]}")]))


@given(st.datetimes(datetime(1970, 1, 2), datetime(2400, 1, 1)))  # noqa: DTZ001 - Hypothesis wants it so.
@settings(max_examples=300, deadline=None)
def test_every_day_is_counted_as_the_calendar_counts_it(at: datetime) -> None:
    written = f"{at.isoformat()}Z".encode()

    assert text.moment_in(scan_records.as_bytes(written), 0, len(written)) == microseconds(
        at.replace(tzinfo=UTC)
    )


def test_compiled_and_interpreted_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    records = fetched([*USUAL.values(), *UNUSUAL.values()])
    compiled = scan_records.scan(records.chunk.raw, 0, len(records))
    for module in (text, scan_fields, scan_records):
        for name, function in list(vars(module).items()):
            if hasattr(function, "py_func"):
                monkeypatch.setattr(module, name, interpreted(function))

    plain = scan_records.scan(records.chunk.raw, 0, len(records))

    usual = compiled.told["usual"] == 1
    assert usual.sum() >= len(USUAL)
    assert plain.told.tobytes() == compiled.told.tobytes()
    assert plain.rows[usual].tobytes() == compiled.rows[usual].tobytes()
    assert plain.sources == compiled.sources


def test_records_logged_under_another_clock_are_held_against_their_own_time() -> None:
    """Ten days pass between two batches: what is timely for the second is early for the first."""
    logged = NOW + timedelta(milliseconds=1)
    clock = Clock([*CLOCK.segments, Segment(logged, NOW + timedelta(days=10), 1.0)])
    late = (NOW + timedelta(days=10)).isoformat()
    record = sent(body(at=late), ce_time=late.encode())
    records = fetched([record, sent(), record])
    scanned = scan_records.scan(records.chunk.raw, 0, 3)

    usual = [run.usual for run in runs(scanned, Arrived(clock)) for _ in range(run.begin, run.end)]

    assert usual == [False, True, True]
