"""What a request is about and what it brings about: the customer in its path, the cause it is."""

from typing import Annotated

from fastapi import Depends, Path, Request

from shared.cause import Cause
from shared.errors import NotFound
from shared.web.access import Admitted
from shared.web.once import Once
from shared.web.transaction import Moment


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
