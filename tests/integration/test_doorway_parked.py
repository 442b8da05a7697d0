"""Behind a broken profile its customer's later ones wait, until an operator settles the letter."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from doorway_parts import (
    CUSTOMERS,
    Doorway,
    Record,
    a_profile,
    comes_to,
    customer_in,
)
from doorway_parts import record_of as record

PARTITION = 11

# The order in which profiles were taken over: the table itself keeps the newest alone.
_WATCH = """
CREATE TABLE profile_seen (
    number bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint, sequence bigint);
CREATE FUNCTION note_profile() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = points AS $$
BEGIN
    INSERT INTO profile_seen (customer_id, sequence) VALUES (NEW.customer_id, NEW.sequence);
    RETURN NULL;
END $$;
CREATE TRIGGER note_profile AFTER INSERT OR UPDATE ON customer
FOR EACH ROW EXECUTE FUNCTION note_profile();
"""
_WATCH_NO_MORE = """
DROP TRIGGER note_profile ON customer; DROP FUNCTION note_profile; DROP TABLE profile_seen;
"""


@pytest.fixture(scope="module", autouse=True)
async def watched(doorway: Doorway) -> AsyncIterator[None]:
    await doorway.execute(_WATCH)
    yield
    await doorway.execute(_WATCH_NO_MORE)


pytestmark = pytest.mark.usefixtures("worker")


def profile(customer: int, sequence: int) -> Record:
    return record(a_profile(customer, sequence))


def broken(customer: int) -> Record:
    return profile(customer, 1).with_fields(tier=None)


async def seen(doorway: Doorway, customer: int) -> list[int]:
    rows = await doorway.rows(
        "SELECT sequence FROM profile_seen WHERE customer_id = $1 ORDER BY number", customer
    )
    return [sequence for (sequence,) in rows]


async def newest(doorway: Doorway, customer: int) -> int:
    """The last profile taken over; of those in one run the older ones are not."""
    return (await seen(doorway, customer) or [0])[-1]


async def parked(doorway: Doorway, customer: int) -> int:
    rows = await doorway.rows("SELECT offset_ FROM parked WHERE key = $1", str(customer))
    return len(rows)


async def letter(doorway: Doorway, customer: int) -> tuple[UUID, str, int]:
    """The customer's only letter: its id, state and attempts."""
    rows: list[Any] = await doorway.rows(
        "SELECT id, state, attempts FROM dead_letter WHERE topic = $1 AND key = $2",
        CUSTOMERS,
        str(customer),
    )
    [only] = rows
    return only


async def ask(doorway: Doorway, customer: int, state: str, *, mended: bool = True) -> None:
    """What an operator asks for; a replay mostly with a mended value."""
    [(value,)] = await doorway.rows(
        "SELECT value FROM dead_letter WHERE topic = $1 AND key = $2", CUSTOMERS, str(customer)
    )
    body = json.loads(value) | ({"tier": "gold"} if mended else {})
    await doorway.execute(
        "UPDATE dead_letter SET state = $3, value = $4 WHERE topic = $1 AND key = $2",
        CUSTOMERS,
        str(customer),
        state,
        json.dumps(body).encode(),
    )


async def blocked(doorway: Doorway, partition: int = PARTITION) -> int:
    """A customer with a broken profile and two sound ones that wait behind it."""
    customer = customer_in(partition)
    await doorway.send(broken(customer), profile(customer, 2), profile(customer, 3))
    await comes_to(lambda: parked(doorway, customer), 2)
    return customer


@pytest.mark.parametrize(
    ("asked", "settled", "handled"),
    [("replay", "replayed", [1, 2, 3]), ("discard", "discarded", [2, 3])],
)
async def test_later_profiles_wait_behind_a_broken_one_until_it_is_settled(
    asked: str, settled: str, handled: list[int], doorway: Doorway
) -> None:
    customer = await blocked(doorway)
    other = customer_in(PARTITION)
    await doorway.send(profile(other, 1), profile(customer, 4), profile(other, 2))
    await comes_to(lambda: newest(doorway, other), 2)
    assert await parked(doorway, customer) == 3
    assert await seen(doorway, customer) == []

    await ask(doorway, customer, asked)
    await comes_to(lambda: seen(doorway, customer), [*handled, 4])
    _, state, attempts = await letter(doorway, customer)
    assert (state, attempts, await parked(doorway, customer)) == (settled, 1, 0)

    await doorway.send(profile(customer, 5))
    await comes_to(lambda: seen(doorway, customer), [*handled, 4, 5])


async def test_a_replay_that_fails_stays_open_and_may_be_asked_for_again_at_once(
    doorway: Doorway,
) -> None:
    customer = await blocked(doorway)
    letter_id, _, _ = await letter(doorway, customer)

    await ask(doorway, customer, "replay", mended=False)
    await comes_to(lambda: letter(doorway, customer), (letter_id, "open", 2))
    assert await parked(doorway, customer) == 2

    await ask(doorway, customer, "replay")
    await comes_to(lambda: letter(doorway, customer), (letter_id, "replayed", 2))
    assert await seen(doorway, customer) == [1, 2, 3]


async def test_a_worker_that_was_superseded_leaves_the_replay_to_the_new_owner(
    doorway: Doorway,
) -> None:
    """The new owner read what is blocked, and would park behind a letter settled under it."""
    customer, elsewhere = await blocked(doorway), await blocked(doorway, PARTITION + 1)
    await doorway.execute(
        "UPDATE position SET epoch = epoch + 1 WHERE topic = $1 AND partition = $2",
        CUSTOMERS,
        PARTITION,
    )
    await ask(doorway, customer, "replay")
    await ask(doorway, elsewhere, "replay")
    await comes_to(lambda: seen(doorway, elsewhere), [1, 2, 3])
    assert await seen(doorway, customer) == []

    # The next record shows the worker that it lost the partition; it claims anew.
    await doorway.send(profile(customer, 4))
    await comes_to(lambda: seen(doorway, customer), [1, 2, 3, 4])
