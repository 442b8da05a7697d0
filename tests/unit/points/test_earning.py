"""What bills and opening lots become, before anything is written."""

from dataclasses import replace
from datetime import date

import pytest
from points_facts import PROGRAMMES, a_bill, opening_lots

from services.points.handlers.on_bills_issued import earned
from services.points.handlers.on_lots_opened import opened
from services.points.ledger.accounts import Account, Kind
from services.points.ledger.posting import ConflictingRepeat, Posting, without_repeats
from shared.errors import RecordFault


def earning(**differs: object) -> Posting:
    posting = earned(a_bill(**differs), PROGRAMMES)
    assert posting is not None
    return posting


@pytest.mark.requirement("PT-12")
def test_a_bill_earns_its_whole_yuan_in_the_cohort_of_its_month() -> None:
    posting = earning(amount_fen=12_345, month="2025-12")
    assert (posting.amount, posting.cohort) == (123, 2026)
    assert posting.clears_on == date(2027, 4, 30)
    assert (posting.debit, posting.credit) == (Account.ISSUANCE, Account.CUSTOMER)


@pytest.mark.requirement("PT-12")
@pytest.mark.parametrize("fen", [0, 99])
def test_a_bill_under_one_yuan_earns_nothing(fen: int) -> None:
    assert earned(a_bill(amount_fen=fen), PROGRAMMES) is None


def test_a_bill_counts_once_under_whatever_event_id_it_comes() -> None:
    assert earning() == earning()
    assert earning().entry_id != earning(bill_id="B2").entry_id
    assert earning().entry_id != earning(customer_id=8).entry_id


@pytest.mark.parametrize("differs", [{"amount_fen": 999_900}, {"month": "2026-01"}])
def test_the_same_bill_with_another_amount_or_month_is_a_conflict(
    differs: dict[str, object],
) -> None:
    with pytest.raises(ConflictingRepeat):
        without_repeats([earning(), earning(**differs)])


def test_a_batch_is_sorted_by_customer_and_keeps_each_customers_order() -> None:
    of_nine = [earning(customer_id=9, bill_id=f"B{n}") for n in range(3)]
    of_two = earning(customer_id=2)
    assert without_repeats([*of_nine, of_two, of_nine[1]]) == [of_two, *of_nine]


def test_an_opening_lot_grants_before_it_spends() -> None:
    granted, spent = opened(opening_lots(), PROGRAMMES)
    assert (granted.kind, granted.amount) == (Kind.OPEN_GRANTED, 5_000)
    assert (spent.kind, spent.amount) == (Kind.OPEN_SPENT, 1_200)
    assert (spent.debit, spent.credit) == (granted.credit, granted.debit)


@pytest.mark.parametrize(
    ("granted", "spent", "kinds"),
    [(0, 0, []), (5, 0, [Kind.OPEN_GRANTED]), (5, 5, [Kind.OPEN_GRANTED, Kind.OPEN_SPENT])],
)
def test_nothing_is_posted_for_a_figure_of_nought(
    granted: int, spent: int, kinds: list[Kind]
) -> None:
    postings = opened(opening_lots(granted=granted, spent=spent), PROGRAMMES)
    assert [posting.kind for posting in postings] == kinds


def test_a_lot_opens_once_and_another_figure_is_a_conflict() -> None:
    first = opened(opening_lots(spent=0), PROGRAMMES)
    again = opened(opening_lots(spent=1_200), PROGRAMMES)
    with pytest.raises(ConflictingRepeat):
        without_repeats([*first, *again])


@pytest.mark.parametrize(
    ("differs", "reason"),
    [({"spent": 5_001}, "overdrawn-opening"), ({"programme": "gold"}, "unknown-programme")],
)
def test_an_opening_that_cannot_be_is_the_records_fault(
    differs: dict[str, object], reason: str
) -> None:
    with pytest.raises(RecordFault) as fault:
        opened(opening_lots(**differs), PROGRAMMES)
    assert fault.value.reason == reason


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 124},
        {"cohort": 2025},
        {"kind": Kind.SPEND},
        {"debit": Account.OPENING},
        {"reference": "bill/2026-02/B2"},
    ],
)
def test_whatever_moves_points_is_in_the_hash(change: dict[str, object]) -> None:
    posting = earning()
    assert replace(posting, **change).payload_hash != posting.payload_hash  # pyright: ignore[reportArgumentType] - each value is of its field's type.
