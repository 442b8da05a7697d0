"""A number belongs to whoever had it at the moment of the call, in columns and one by one."""

from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from ingest_parts import AT, HASHER, LONG_AGO, Owner, an_owner

from services.alerts.domain.identities import NOBODY, UNKNOWN, Identities, moment
from services.alerts.domain.ownership import owner_at

NUMBER, OTHER = "13800138000", "13900139000"
DAY = timedelta(days=1)


def found(identities: Identities, number: str, at: datetime) -> int | None:
    """The customer that the columns name."""
    hashes = np.array([HASHER.digest(number)], "S32")
    [row] = identities.find(hashes, np.array([moment(at)], np.int64)).tolist()
    return None if row == UNKNOWN else int(identities.customers[row])


def test_a_recycled_number_is_its_owners_of_that_time() -> None:
    identities = Identities.of(
        [
            an_owner(NUMBER, 1, ends=AT - 10 * DAY),
            an_owner(NUMBER, 2, begins=AT),
            an_owner(OTHER, 3),
        ]
    )

    assert found(identities, NUMBER, AT - 11 * DAY) == 1
    assert found(identities, NUMBER, AT - 10 * DAY) is None, "the end is no longer his"
    assert found(identities, NUMBER, AT - DAY) is None, "the number lay idle"
    assert found(identities, NUMBER, AT) == 2
    assert found(identities, OTHER, AT) == 3
    assert found(identities, "13700137000", AT) is None


def test_a_new_owner_ends_the_old_one_whom_nobody_ended() -> None:
    identities = Identities.of([an_owner(NUMBER, 1), an_owner(NUMBER, 2, begins=AT)])

    assert found(identities, NUMBER, AT - DAY) == 1
    assert found(identities, NUMBER, AT) == 2


def test_before_the_first_owner_a_number_is_nobodys() -> None:
    assert found(Identities.of([an_owner(NUMBER, 1, begins=AT)]), NUMBER, AT - DAY) is None
    assert found(NOBODY, NUMBER, AT) is None


def test_a_newer_word_takes_the_place_of_the_older() -> None:
    identities = Identities.of([an_owner(NUMBER, 1), an_owner(OTHER, 3)])

    changed = identities.merged(Identities.of([an_owner(NUMBER, 1, ends=AT)]))

    assert found(changed, NUMBER, AT) is None
    assert found(changed, NUMBER, AT - DAY) == 1
    assert found(changed, OTHER, AT) == 3
    assert len(changed.hashes) == 2


def test_a_hash_that_ends_with_nought_is_found() -> None:
    hashes = [bytes(31) + b"\1", b"\1" + bytes(31), bytes(32)]
    identities = Identities.of(
        [Owner(one, LONG_AGO, None, place) for place, one in enumerate(hashes, 1)]
    )

    asked = np.array(hashes, "S32")
    rows = identities.find(asked, np.full(3, moment(AT), np.int64))

    assert identities.customers[rows].tolist() == [1, 2, 3]


_hours = st.integers(0, 12).map(lambda hours: LONG_AGO + timedelta(hours=hours))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), _hours, st.none() | _hours), unique_by=lambda o: (o[0], o[1])
    ),
    st.lists(st.tuples(st.integers(0, 3), _hours), min_size=1),
)
def test_columns_find_what_one_by_one_is_found(
    told: list[tuple[int, datetime, datetime | None]], asked: list[tuple[int, datetime]]
) -> None:
    owners = [
        Owner(bytes([number]) * 32, begins, ends, place)
        for place, (number, begins, ends) in enumerate(told, 1)
    ]
    identities = Identities.of(owners)

    rows = identities.find(
        np.array([bytes([number]) * 32 for number, _ in asked], "S32"),
        np.array([moment(at) for _, at in asked], np.int64),
    )

    one_by_one = [
        owner_at([o for o in owners if o.number_hash == bytes([number]) * 32], at)
        for number, at in asked
    ]
    assert [identities.customers[row] if row >= 0 else None for row in rows] == [
        one.customer_id if one else None for one in one_by_one
    ]
