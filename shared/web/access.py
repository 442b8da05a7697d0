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
    """The policy table's answer for this caller and this operation.

    Raises:
        Unauthorised: no token, or not a valid one.
        Forbidden: the roles do not suffice.
    """
    caller = _signed_in(request) or _bearer(request, bearer)
    request.state.caller = caller.subject
    allowed = doorway_of(request).policy[operation_id(request.scope["route"])]
    return Admission(caller, visible_organisation(caller, allowed))


def _signed_in(request: Request) -> Caller | None:
    """Who opened a page; only routes made by `pages()` look at sessions (pages/signed_in.py)."""
    session = getattr(request.state, "session", None)
    return session.caller if session is not None else None


def _bearer(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Caller:
    if bearer is None:
        raise Unauthorised("Send Authorization: Bearer with a token of the issuer")
    return doorway_of(request).verifier.verify(bearer.credentials)


Admitted = Annotated[Admission, Depends(admit)]
