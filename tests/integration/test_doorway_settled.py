"""Letters behind letters: a key stays blocked while any of its letters is open."""

from typing import Any

import pytest
from doorway_parts import (
    BILLING,
    CUSTOMERS,
    Doorway,
    Record,
    a_bill,
    a_profile,
    arrow_of,
    comes_to,
    customer_in,
)
from doorway_parts import record_of as record

PARTITION = 13

pytestmark = pytest.mark.usefixtures("worker")


def profile(customer: int, sequence: int) -> Record:
    return record(a_profile(customer, sequence))


def broken(customer: int, sequence: int) -> Record:
    return profile(customer, sequence).with_fields(tier=None)


async def newest(doorway: Doorway, customer: int) -> int:
    rows = await doorway.rows("SELECT sequence FROM customer WHERE customer_id = $1", customer)
    return max((int(sequence) for (sequence,) in rows), default=0)


async def parked_at(doorway: Doorway, customer: int) -> list[int]:
    rows = await doorway.rows(
        "SELECT offset_ FROM parked WHERE key = $1 ORDER BY offset_", str(customer)
    )
    return [offset for (offset,) in rows]


async def states(doorway: Doorway, topic: str, offsets: list[int]) -> list[str]:
    rows: list[Any] = await doorway.rows(
        """
        SELECT state FROM dead_letter WHERE topic = $1 AND partition = $2 AND offset_ = ANY($3)
        ORDER BY offset_, row_
        """,
        topic,
        PARTITION,
        offsets,
    )
    return [state for (state,) in rows]


async def ask(doorway: Doorway, topic: str, offset: int, state: str, value: bytes | None) -> None:
    """What an operator asks for."""
    await doorway.execute(
        """
        UPDATE dead_letter SET state = $4, value = coalesce($5, value)
        WHERE topic = $1 AND partition = $2 AND offset_ = $3
        """,
        topic,
        PARTITION,
        offset,
        state,
        value,
    )


async def discard(doorway: Doorway, topic: str, offset: int) -> None:
    await ask(doorway, topic, offset, "discard", None)


async def test_what_lies_behind_a_second_letter_waits_for_it_when_the_first_is_settled(
    doorway: Doorway,
) -> None:
    customer, other = customer_in(PARTITION), customer_in(PARTITION)
    first, between, second, behind = await doorway.send(
        broken(customer, 1), profile(customer, 2), broken(customer, 3), profile(customer, 4)
    )
    await comes_to(lambda: parked_at(doorway, customer), [between, behind])

    await discard(doorway, CUSTOMERS, first)
    await comes_to(lambda: newest(doorway, customer), 2)
    assert await states(doorway, CUSTOMERS, [first, second]) == ["discarded", "open"]
    assert await parked_at(doorway, customer) == [behind]

    [later, _] = await doorway.send(profile(customer, 5), profile(other, 1))
    await comes_to(lambda: newest(doorway, other), 1)
    assert await parked_at(doorway, customer) == [behind, later]

    await discard(doorway, CUSTOMERS, second)
    await comes_to(lambda: newest(doorway, customer), 5)
    assert await parked_at(doorway, customer) == []


async def test_a_letter_that_is_mended_before_an_earlier_one_waits_for_it(doorway: Doorway) -> None:
    customer = customer_in(PARTITION)
    mended = profile(customer, 2)
    first, second, behind = await doorway.send(
        broken(customer, 1), mended.with_fields(tier=None), profile(customer, 3)
    )
    await comes_to(lambda: parked_at(doorway, customer), [behind])

    await ask(doorway, CUSTOMERS, second, "replay", mended.value)
    await comes_to(lambda: states(doorway, CUSTOMERS, [second]), ["replayed"])
    assert await parked_at(doorway, customer) == [second, behind]
    assert await newest(doorway, customer) == 0

    await discard(doorway, CUSTOMERS, first)
    await comes_to(lambda: newest(doorway, customer), 3)


async def test_a_message_that_became_readable_is_settled_though_one_of_its_rows_is_bad(
    doorway: Doorway,
) -> None:
    sound, stranger = customer_in(PARTITION), customer_in(PARTITION + 1)
    message = arrow_of([a_bill(sound), a_bill(stranger)], PARTITION)
    [offset] = await doorway.send(
        Record(BILLING, PARTITION, None, message.headers, message.value[:40])
    )
    await comes_to(lambda: states(doorway, BILLING, [offset]), ["open"])

    await ask(doorway, BILLING, offset, "replay", message.value)

    await comes_to(lambda: states(doorway, BILLING, [offset]), ["replayed", "open"])
    assert await doorway.points([sound, stranger]) == {sound: (1, 100)}
