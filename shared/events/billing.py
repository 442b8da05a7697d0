"""What billing tells us: bills, and the points that stood in its books on cut-over day."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.event import CustomerEvent

BillMonth = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
"""The month a bill is for, `YYYY-MM`."""

Fen = Annotated[int, Field(ge=0, lt=10**12)]
"""Money in fen, 1/100 yuan; never a float."""

Points = Annotated[int, Field(ge=0, lt=10**12)]


class BillIssued(CustomerEvent):
    """A month's bill of one customer."""

    event_type: ClassVar[str] = "billing.bill_issued.v1"

    bill_id: Annotated[str, Field(min_length=1, max_length=64)]
    month: BillMonth
    amount_fen: Fen


class LotsOpened(CustomerEvent):
    """Opening record: one cohort's points of one customer as of cut-over day."""

    event_type: ClassVar[str] = "billing.lots_opened.v1"

    programme: Annotated[str, Field(min_length=1, max_length=32)]
    cohort: Annotated[int, Field(ge=2000, le=2100)]
    granted: Points
    spent: Points
