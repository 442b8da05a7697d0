"""The one router of callcenter, and what its operations have in common."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import AwareDatetime, Field

from services.callcenter.handlers.tell import Cause
from shared.errors import NotFound
from shared.web.access import Admitted
from shared.web.once import Once
from shared.web.operations import operations
from shared.web.transaction import Moment

router = operations()


def customer_in(
    customer_id: Annotated[str, Path(pattern="^[1-9][0-9]{0,18}$", description="Decimal digits")],
) -> int:
    """The customer named in the path; 63 bits hold a little less than 19 digits."""
    if int(customer_id) >= 2**63:
        raise NotFound(f"No customer {customer_id}")
    return int(customer_id)


def cause_in(request: Request, claim: Once, admission: Admitted, moment: Moment) -> Cause:
    """The request as the cause of what it brings about."""
    operation = request.scope["route"].name
    return Cause(claim.cause, f"request.{operation}", moment, by=admission.caller.subject)


Customer = Annotated[int, Depends(customer_in)]
Asked = Annotated[Cause, Depends(cause_in)]

BusinessTime = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
"""A moment that calendars reach."""
