"""Names and numbers: BOSS fills them in, others see what they need (contracts §4; CC-30).

Cards, searches and reveals are reads by their nature. They claim no Idempotency-Key: a kept answer
would be a second place with names and numbers in it.
"""

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from services.callcenter.api.routes import router
from services.callcenter.domain.persons import masked_name, masked_number
from services.callcenter.handlers import look_at_persons as looking
from services.callcenter.store.vault import Person
from shared.errors import NotFound
from shared.events.event import County, CustomerId
from shared.web.access import Admitted
from shared.web.asked import Customer
from shared.web.bodies import RequestBody
from shared.web.documentation import refusals
from shared.web.once import claim
from shared.web.transaction import Moment, Transaction

FILLED_MAX = 1_000  # persons of one request
CARDS_MAX = 100  # a page

Number = Annotated[str, Field(pattern=r"^\+?[0-9]{5,20}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[str, Field(min_length=4, max_length=200, pattern=r"\S")]


class PersonFilled(RequestBody):
    customer_id: CustomerId
    county: County
    number: Number
    name: Name


class CardsAsked(RequestBody):
    customer_ids: Annotated[list[CustomerId], Field(min_length=1, max_length=CARDS_MAX)]


class CardShown(BaseModel):
    """A person as far as a list needs: 王*, 138****8000."""

    customer_id: CustomerId
    name: str
    number: str


class SearchAsked(RequestBody):
    text: Annotated[str, Field(min_length=1, max_length=64, description="A number, a name, a tail")]


class SearchShown(BaseModel):
    customer_ids: list[CustomerId]


class RevealAsked(RequestBody):
    reason: Reason


class PersonShown(BaseModel):
    customer_id: CustomerId
    name: str
    number: str


@router.put("/vault", status_code=204, dependencies=[Depends(claim)])
async def fill_vault(
    persons: Annotated[list[PersonFilled], Field(min_length=1, max_length=FILLED_MAX)],
    uow: Transaction,
) -> Response:
    """Write persons over what was there; all of them or none."""
    await looking.fill_vault([Person(**vars(person)) for person in persons], uow)
    return Response(status_code=204)


@router.post("/vault/cards")
async def show_cards(
    asked: CardsAsked, admission: Admitted, *, uow: Transaction, moment: Moment
) -> list[CardShown]:
    """Those of them whom the caller may see, masked; one audit row."""
    seen = await looking.show_cards(asked.customer_ids, admission.caller.subject, moment, uow)
    return [
        CardShown(
            customer_id=p.customer_id, name=masked_name(p.name), number=masked_number(p.number)
        )
        for p in seen
    ]


@router.post("/vault/search")
async def search_vault(
    asked: SearchAsked, admission: Admitted, *, uow: Transaction, moment: Moment
) -> SearchShown:
    """Customers by whole number, whole name or the last four digits."""
    found = await looking.search_vault(asked.text, admission.caller.subject, moment, uow)
    return SearchShown(customer_ids=found)


@router.post("/vault/{customer_id}/reveal", responses=refusals(NotFound))
async def reveal_person(
    asked: RevealAsked,
    customer: Customer,
    admission: Admitted,
    *,
    uow: Transaction,
    moment: Moment,
) -> PersonShown:
    """The whole name and number, for a reason that is kept."""
    person = await looking.reveal_person(
        customer, asked.reason, caller=admission.caller.subject, at=moment, uow=uow
    )
    return PersonShown(customer_id=person.customer_id, name=person.name, number=person.number)
