"""What a form carries besides its fields: which drawing of it this is, and what it was drawn from.

`form_id` makes a double click one act (as Idempotency-Key does for machines), `version` refuses
what was decided on an older state (as If-Match does). templates/parts/form.html writes both.
"""

import secrets
from typing import Annotated

from fastapi import Depends, Form, Request

from shared.web.access import Admitted
from shared.web.once import KEY_LENGTH_MAX, Claim, claim
from shared.web.preconditions import Precondition, etag_of
from shared.web.transaction import Transaction

FORM_ID_PATTERN = r"^[A-Za-z0-9_-]+$"


def new_form_id() -> str:
    """For one drawing of a form; a page draws it, `carried` writes it."""
    return secrets.token_urlsafe(16)


async def claim_of_form(
    request: Request,
    admission: Admitted,
    uow: Transaction,
    form_id: Annotated[
        str, Form(min_length=16, max_length=KEY_LENGTH_MAX, pattern=FORM_ID_PATTERN)
    ],
) -> Claim:
    """The form's act is carried out once; a repeat gets the first answer.

    Raises:
        Repeated, InFlight, KeyReused: as for an Idempotency-Key.
    """
    return await claim(request, admission, uow, form_id)


OnceForm = Annotated[Claim, Depends(claim_of_form)]


async def version_of_form(version: Annotated[int, Form(ge=0)]) -> Precondition:
    """The version from which the form was drawn; `require` it after the row is locked."""
    return Precondition(frozenset({etag_of(version)}))


VersionForm = Annotated[Precondition, Depends(version_of_form)]
