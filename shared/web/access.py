"""Who may do this, and how far they see: decided before anything else of the request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.errors import Unauthorised
from shared.identity import Caller
from shared.policy import visible_organisation
from shared.web.doorway import doorway_of, operation_id

_BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", scheme_name="token")


@dataclass(frozen=True)
class Admission:
    """A caller who may carry out this operation on what lies below `organisation`."""

    caller: Caller
    organisation: str


async def admit(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Admission:
    """The policy table's answer for this token and this operation.

    Raises:
        Unauthorised: no token, or not a valid one.
        Forbidden: the roles do not suffice.
    """
    if bearer is None:
        raise Unauthorised("Send Authorization: Bearer with a token of the issuer")
    doorway = doorway_of(request)
    caller = doorway.verifier.verify(bearer.credentials)
    request.state.caller = caller.subject
    allowed = doorway.policy[operation_id(request.scope["route"])]
    return Admission(caller, visible_organisation(caller, allowed))


Admitted = Annotated[Admission, Depends(admit)]
