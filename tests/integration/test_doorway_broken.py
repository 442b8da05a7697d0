"""Broken records: each becomes a dead letter with its reason and origin, its neighbours do not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest
from doorway_parts import BILLING, Doorway, Record, a_bill, arrow_of, comes_to, customer_in
from doorway_parts import record_of as record
from pyarrow import ipc

from holdfast.chaos.parts import Worker
from shared.events.arrow import ROWS_MAX

PARTITION = 7


@dataclass(frozen=True)
class Case:
    """A way to break a sound record, and the reason that must be found for it."""

    name: str
    sound: Callable[[int], Record]
    breaking: Callable[[Record], Record]
    reason: str


def a_single(customer: int) -> Record:
    return record(a_bill(customer))


def rows_of_the_same(customer: int) -> Record:
    return arrow_of([a_bill(customer), a_bill(customer)], PARTITION)


def dated(sound: Record, at: str) -> Record:
    return sound.with_fields(at=at).with_headers(ce_time=at)


def with_other_columns(sound: Record, name: str = "customer_id") -> Record:
    schema = pa.schema([(name, pa.int64())])
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([{name: 1}], schema))
    return replace(sound, value=sink.getvalue().to_pybytes())


def that_grows(sound: Record) -> Record:
    """Small on its way, larger than any message may be once it is unpacked."""
    row = ipc.open_stream(sound.value).read_all().to_pylist()[0] | {"bill_id": "B" * 200}
    schema = ipc.open_stream(sound.value).schema
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([row] * ROWS_MAX, schema))
    return replace(sound, value=sink.getvalue().to_pybytes())


def value(content: bytes) -> Callable[[Record], Record]:
    return lambda sound: replace(sound, value=content)


CASES = (
    Case("broken JSON", a_single, value(b'{"bill_id": '), "not-json"),
    Case("not an object", a_single, value(b"[1, 2]"), "not-json"),
    Case(
        "unknown type",
        a_single,
        lambda r: r.with_headers(ce_type="billing.refund.v1"),
        "unknown-type",
    ),
    Case("missing header", a_single, lambda r: r.without_header("ce_id"), "bad-envelope"),
    Case("missing field", a_single, lambda r: r.with_fields(month=None), "schema"),
    Case("of 1970", a_single, lambda r: dated(r, "1970-01-01T00:00:00Z"), "too-old"),
    Case("of 2099", a_single, lambda r: dated(r, "2099-01-01T00:00:00Z"), "future"),
    Case("negative money", a_single, lambda r: r.with_fields(amount_fen=-1), "schema"),
    Case(
        "Arrow cut short",
        rows_of_the_same,
        lambda r: replace(r, value=r.value[: len(r.value) // 2]),
        "not-arrow",
    ),
    Case("Arrow that grows", rows_of_the_same, that_grows, "too-large"),
    Case("Arrow with wrong columns", rows_of_the_same, with_other_columns, "wrong-columns"),
    Case(
        "Arrow with a column whose name no database can hold",
        rows_of_the_same,
        lambda r: with_other_columns(r, "customer\0id"),
        "wrong-columns",
    ),
)


async def letters(doorway: Doorway, offset: int) -> list[tuple[Any, ...]]:
    return await doorway.rows(
        """
        SELECT row_, key, headers, value, reason, state, attempts FROM dead_letter
        WHERE topic = $1 AND partition = $2 AND offset_ = $3
        """,
        BILLING,
        PARTITION,
        offset,
    )


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_a_broken_record_becomes_a_dead_letter_and_its_neighbours_are_posted(
    case: Case, doorway: Doorway, worker: Worker
) -> None:
    before, behind = customer_in(PARTITION), customer_in(PARTITION)
    broken = case.breaking(case.sound(behind))
    _, offset, _ = await doorway.send(record(a_bill(before)), broken, record(a_bill(behind)))

    await comes_to(lambda: doorway.points([before, behind]), {before: (1, 100), behind: (1, 100)})

    [(row, key, headers, kept, reason, state, attempts)] = await letters(doorway, offset)
    assert (row, key, reason, state, attempts) == (0, broken.key, case.reason, "open", 1)
    assert (json.loads(headers), kept) == (broken.headers, broken.value)
    assert worker.alive()


async def test_a_broken_fact_that_only_others_read_is_none_of_ours(
    doorway: Doorway, worker: Worker
) -> None:
    """Those who read its type dead-letter it; we do not even look into it."""
    topic, customer = "holdfast.callcenter.v1", customer_in(PARTITION)
    others = {"ce_type": "callcenter.owner_changed.v1"}
    ours = {"ce_type": "callcenter.contact_recorded.v1"}
    sound = replace(record(a_bill(customer)), topic=topic)
    unread, unknown, read = await doorway.send(
        sound.with_headers(**others),
        sound.with_headers(ce_type="no.type.v1"),
        sound.with_headers(**ours),
    )

    async def found() -> list[tuple[Any, ...]]:
        return await doorway.rows(
            "SELECT offset_, reason FROM dead_letter WHERE topic = $1 AND offset_ >= $2 ORDER BY 1",
            topic,
            unread,
        )

    await comes_to(found, [(unknown, "unknown-type"), (read, "schema")])
    assert worker.alive()


async def test_an_arrow_row_of_another_partition_costs_itself_and_no_other_row(
    doorway: Doorway, worker: Worker
) -> None:
    before, stranger, behind = (customer_in(n) for n in (PARTITION, PARTITION + 1, PARTITION))
    bills = [a_bill(customer) for customer in (before, stranger, behind)]
    [offset] = await doorway.send(arrow_of(bills, PARTITION))

    posted = {before: (1, 100), behind: (1, 100)}
    await comes_to(lambda: doorway.points([before, stranger, behind]), posted)

    [(row, key, _, kept, reason, state, _)] = await letters(doorway, offset)
    assert (row, key, reason, state) == (1, str(stranger), "foreign-partition", "open")
    assert json.loads(kept)["bill_id"] == bills[1].bill_id

    # Here its order against the customer's other facts is nobody's; it must come by its own way.
    await doorway.execute("UPDATE dead_letter SET state = 'replay' WHERE key = $1", str(stranger))

    async def refused() -> list[tuple[Any, ...]]:
        found = await letters(doorway, offset)
        return [(reason, state, attempts) for _, _, _, _, reason, state, attempts in found]

    await comes_to(refused, [("foreign-partition", "open", 2)])
    assert await doorway.points([stranger]) == {}
    assert worker.alive()
