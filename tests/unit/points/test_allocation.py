"""Who pays, and who gets it back: properties that hold for any lots and any wish."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.redemption import (
    NotEnough,
    NothingLeft,
    Redeem,
    Reverse,
    decide_redemption,
    decide_reversal,
)
from services.points.ledger.allocation import LotBalance, Share, allocate

LOTS = st.dictionaries(
    st.integers(2020, 2030),
    st.tuples(st.integers(-30, 30), st.integers(0, 10_000)),
    max_size=6,
).map(
    lambda lots: [
        LotBalance(cohort, date(cohort + 1, 4, 30) + timedelta(days=days * 20), available)
        for cohort, (days, available) in lots.items()
    ]
)
POINTS = st.integers(1, 30_000)


def by_clearing(lots: list[LotBalance]) -> list[LotBalance]:
    return sorted(lots, key=lambda lot: (lot.clears_on, lot.cohort))


@pytest.mark.requirement("PT-18")
@given(POINTS, LOTS)
def test_shares_sum_to_what_was_asked_or_nothing_is_spent(
    points: int, lots: list[LotBalance]
) -> None:
    shares = allocate(points, lots)
    enough = sum(lot.available for lot in lots) >= points
    assert (shares is not None) == enough
    assert shares is None or sum(share.points for share in shares) == points


@pytest.mark.requirement("PT-18")
@given(POINTS, LOTS)
def test_no_lot_is_overdrawn(points: int, lots: list[LotBalance]) -> None:
    available = {lot.cohort: lot.available for lot in lots}
    for share in allocate(points, lots) or ():
        assert 0 < share.points <= available[share.cohort]


@pytest.mark.requirement("PT-18")
@given(POINTS, LOTS)
def test_a_later_lot_pays_only_when_the_earlier_ones_are_empty(
    points: int, lots: list[LotBalance]
) -> None:
    paid = {share.cohort: share.points for share in allocate(points, lots) or ()}
    touched = [lot for lot in by_clearing(lots) if lot.cohort in paid]
    assert all(paid[lot.cohort] == lot.available for lot in touched[:-1])
    if touched:
        earlier = by_clearing(lots)[: by_clearing(lots).index(touched[-1])]
        assert all(lot in touched or lot.available == 0 for lot in earlier)


@given(POINTS, LOTS, st.randoms())
def test_the_order_in_which_lots_are_read_changes_nothing(
    points: int, lots: list[LotBalance], random: object
) -> None:
    shuffled = sorted(lots, key=lambda _: random.random())  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownLambdaType] - hypothesis' own Random.
    assert allocate(points, lots) == allocate(points, shuffled)


@pytest.mark.requirement("PT-18")
def test_too_few_points_name_what_there_is() -> None:
    lots = [LotBalance(2025, date(2026, 4, 30), 40), LotBalance(2026, date(2027, 4, 30), 2)]
    assert decide_redemption(43, lots) == NotEnough(available=42)
    assert decide_redemption(42, lots) == Redeem((Share(2025, 40), Share(2026, 2)))


def test_what_comes_back_goes_to_the_lot_that_lives_longest() -> None:
    spent = (Share(2025, 40), Share(2026, 20))
    assert decide_reversal(30, spent, ()) == Reverse((Share(2026, 20), Share(2025, 10)))


def test_without_a_number_all_that_is_left_comes_back() -> None:
    spent, back = (Share(2025, 40), Share(2026, 20)), (Share(2026, 15),)
    reverse = decide_reversal(None, spent, back)
    assert reverse == Reverse((Share(2026, 5), Share(2025, 40)))
    assert isinstance(reverse, Reverse)
    assert reverse.points == 45


@pytest.mark.requirement("PT-18")
@given(
    st.dictionaries(st.integers(2020, 2030), st.integers(1, 1_000), min_size=1, max_size=4),
    st.lists(st.integers(1, 1_500), max_size=8),
)
def test_reversals_never_return_more_than_was_spent(
    spent: dict[int, int], asked: list[int]
) -> None:
    shares = [Share(cohort, points) for cohort, points in spent.items()]
    back: dict[int, int] = {}
    for points in asked:
        before = [Share(cohort, count) for cohort, count in back.items()]
        decision = decide_reversal(points, shares, before)
        left = sum(spent.values()) - sum(back.values())
        assert isinstance(decision, Reverse) == (points <= left)
        if isinstance(decision, Reverse):
            assert decision.points == points
            for share in decision.shares:
                back[share.cohort] = back.get(share.cohort, 0) + share.points
    assert all(count <= spent[cohort] for cohort, count in back.items())


@pytest.mark.requirement("PT-18")
def test_nothing_comes_back_twice() -> None:
    assert decide_reversal(None, (Share(2025, 40),), (Share(2025, 40),)) == NothingLeft(0)
    assert decide_reversal(41, (Share(2025, 40),), ()) == NothingLeft(40)
