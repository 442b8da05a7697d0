"""Records reach the partition of their customer, each once, under ids that repeat."""

from collections.abc import Sequence
from typing import Any

import pytest
from ingest_parts import AT, HASHER, a_number, a_row, a_table, an_owner

from services.alerts.domain.delivery import MESSAGE_ROWS, Message, Plan, messages, planned
from services.alerts.domain.identities import Identities
from services.alerts.domain.measured import measured
from shared.events import arrow
from shared.events.partition import partition_of
from shared.events.usage import UsageRecorded
from shared.tracing import trace_of

TRACE = trace_of(None, "story")
OWNED = {a_number(): place * 10**15 + 7 for place in range(1, 40)}
IDENTITIES = Identities.of([an_owner(number, customer) for number, customer in OWNED.items()])


def delivered(rows: Sequence[dict[str, Any]], *, batch: str = "B1") -> list[Message]:
    records = measured(a_table(*rows), HASHER)
    plan = planned(records, IDENTITIES)
    return list(messages(records, plan, source="mediation", batch_id=batch, trace=TRACE))


def rows_in(message: Message) -> list[dict[str, Any]]:
    return arrow.read_table(UsageRecorded, message.value).to_pylist()


def test_every_record_is_in_its_customers_partition_once() -> None:
    rows = [a_row(number, record_id=f"R{n}") for n, number in enumerate([*OWNED, *OWNED])]

    found = delivered(rows)

    told = [
        (row["record_id"], row["customer_id"], m.partition) for m in found for row in rows_in(m)
    ]
    expected = [
        (r["record_id"], OWNED[r["number"]], partition_of(OWNED[r["number"]])) for r in rows
    ]
    assert sorted(told) == sorted(expected)
    assert len(found) == len({message.partition for message in found})


def test_a_message_carries_what_was_measured_and_no_number() -> None:
    number, *_ = OWNED
    peer = a_number()
    row = a_row(number, peer=f"+86{peer}", seconds=61, kilobytes=5, fen=7, at_home=False)

    [message] = delivered([row])

    [told] = rows_in(message)
    assert told == {
        "customer_id": OWNED[number],
        "county": "990101",
        "at": AT,
        "record_id": "R1",
        "kind": "voice",
        "direction": "out",
        "seconds": 61,
        "kilobytes": 5,
        "fen": 7,
        "peer": HASHER.digest(peer),
        "forwarded_to": None,
        "at_home": False,
    }
    for plain in (number, peer):
        assert plain.encode() not in message.value + str(message.headers).encode()
    assert message.headers["ce_source"] == "/mediation"
    assert message.headers["ce_time"] == AT.isoformat()


def test_ids_repeat_with_the_upload_and_only_then() -> None:
    rows = [a_row(number) for number in OWNED]

    def ids(batch: str) -> list[str]:
        return [message.headers["ce_id"] for message in delivered(rows, batch=batch)]

    assert ids("B1") == ids("B1")
    assert set(ids("B1")).isdisjoint(ids("B2"))
    assert len(set(ids("B1"))) == len(ids("B1"))


def test_a_record_of_nobody_is_in_no_message() -> None:
    number, *_ = OWNED
    records = measured(a_table(a_row("13700000000"), a_row(number)), HASHER)

    plan = planned(records, IDENTITIES)

    assert plan.known.tolist() == [False, True]
    assert delivered([a_row("13700000000")]) == []


def test_a_plan_survives_its_packing() -> None:
    records = measured(a_table(*(a_row(number) for number in OWNED)), HASHER)
    plan = planned(records, IDENTITIES)

    again = Plan.unpacked(plan.packed())

    assert again.customers.tolist() == plan.customers.tolist()
    assert again.counties.tolist() == plan.counties.tolist()


@pytest.mark.parametrize("count", [MESSAGE_ROWS, MESSAGE_ROWS + 1])
def test_a_message_stays_below_the_logs_limit(count: int) -> None:
    number, *_ = OWNED
    widest = a_row(
        number, record_id="x" * 64, direction="forwarded", peer=number, forwarded_to=number
    )

    found = delivered([widest] * count)

    assert len(found) == (1 if count == MESSAGE_ROWS else 2)
    assert max(len(message.value) for message in found) <= arrow.BYTES_MAX
    assert len({message.headers["ce_id"] for message in found}) == len(found)
