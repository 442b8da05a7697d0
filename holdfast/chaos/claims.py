"""What the programme's rules (PT-12, PT-15) make of a fact, said here a second time."""

from collections.abc import Iterator

from holdfast.chaos.history import Claim
from shared.events.billing import BillIssued, LotsOpened
from shared.events.event import CustomerEvent, effect_id

YEAR_ENDS_MONTH = 11


def claims_of(event: CustomerEvent) -> Iterator[Claim]:
    """The entries of the ledger that a fact calls for."""
    if isinstance(event, BillIssued):
        year, month = map(int, event.month.split("-"))
        entry = effect_id(f"bill/{event.customer_id}/{event.bill_id}", "earn")
        cohort = year + (month > YEAR_ENDS_MONTH)
        if event.amount_fen >= 100:  # noqa: PLR2004 - fen of a yuan, and a yuan is a point.
            yield Claim(str(entry), event.customer_id, cohort, "earn", event.amount_fen // 100)
    if isinstance(event, LotsOpened):
        origin = f"opening/{event.customer_id}/{event.programme}/{event.cohort}"
        amounts = {"open_granted": event.granted, "open_spent": event.spent}
        for kind, amount in amounts.items():
            entry = effect_id(origin, kind)
            yield Claim(str(entry), event.customer_id, event.cohort, kind, amount)
