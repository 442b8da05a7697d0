"""What may be done to a work order; every act says which version of it was seen (If-Match)."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from services.ticketing.api.routes import router
from services.ticketing.api.shapes import OrderShown, order_shown
from services.ticketing.domain.checks import Asked, Said
from services.ticketing.domain.lost_reasons import LostReason
from services.ticketing.domain.states import Act, Result, ReturnReason
from services.ticketing.handlers.act_on_order import Request, act_on_order
from services.ticketing.handlers.refusals import (
    GUARDED,
    AlreadyOpened,
    LeavingDetailsMissing,
    LostReasonMissing,
    NoteMissing,
    OwnWork,
    UnknownCounty,
    WrongState,
)
from services.ticketing.handlers.tell import Cause
from shared.errors import NotFound
from shared.web.access import Admitted
from shared.web.bodies import RequestBody
from shared.web.documentation import Responses, refusals
from shared.web.once import Once
from shared.web.preconditions import IfMatch, etag_of
from shared.web.transaction import Moment, Transaction

NOTE_LENGTH_MAX = 2_000  # what a page's counter allows

Note = Annotated[str, Field(min_length=1, max_length=NOTE_LENGTH_MAX)]
Short = Annotated[str, Field(min_length=1, max_length=200)]

Acting = Callable[[Act, Said], Awaitable[OrderShown]]


class Returning(RequestBody):
    reason: ReturnReason
    note: Note


class Answering(RequestBody):
    note: Note


class Redispatching(RequestBody):
    county: Annotated[str, Field(pattern="^[0-9]{6}$")] | None = Field(
        default=None, description="Where it goes instead; the same county if absent"
    )


class Completing(RequestBody):
    result: Result
    lost_reason: LostReason | None = None
    leaving_reason: Short | None = Field(
        default=None, description="At a counter: why the customer leaves, if not yet known"
    )
    handler: Short | None = Field(
        default=None, description="At a counter: who stands there (holder, agent, company)"
    )
    note: Note | None = None


class Noting(RequestBody):
    note: Note


class Cancelling(RequestBody):
    reason: Short


async def _acting(
    order_id: UUID,
    http: HttpRequest,
    response: Response,
    *,
    seen: IfMatch,
    claim: Once,
    admission: Admitted,
    moment: Moment,
    uow: Transaction,
) -> Acting:
    """The request as a hand that acts on the order of its path."""
    cause = Cause(claim.cause, f"request.{http.scope['route'].name}")

    async def act(kind: Act, said: Said) -> OrderShown:
        asked = Asked(kind, admission.caller.subject, moment, said)
        request = Request(order_id, asked, seen.require, admission.organisation, cause)
        order = await act_on_order(request, uow)
        response.headers["ETag"] = etag_of(order.version)
        return order_shown(order)

    return act


Order = Annotated[Acting, Depends(_acting)]


def _refuses(*kinds: type) -> Responses:
    return refusals(NotFound, WrongState, *kinds)


@router.post("/orders/{order_id}/accept", responses=_refuses(*GUARDED))
async def accept_order(order: Order) -> OrderShown:
    return await order(Act.ACCEPT, Said())


@router.post("/orders/{order_id}/return", responses=_refuses())
async def return_order(asked: Returning, order: Order) -> OrderShown:
    """Back to the dispatcher; the clock stands still until the answer."""
    return await order(Act.RETURN, Said(return_reason=asked.reason, note=asked.note))


@router.post("/orders/{order_id}/answer", responses=_refuses(*GUARDED))
async def answer_order(asked: Answering, order: Order) -> OrderShown:
    return await order(Act.ANSWER, Said(note=asked.note))


@router.post("/orders/{order_id}/redispatch", responses=_refuses(*GUARDED, UnknownCounty))
async def redispatch_order(asked: Redispatching, order: Order) -> OrderShown:
    return await order(Act.REDISPATCH, Said(county=asked.county))


@router.post(
    "/orders/{order_id}/complete",
    responses=_refuses(LostReasonMissing, NoteMissing, LeavingDetailsMissing),
)
async def complete_order(asked: Completing, order: Order) -> OrderShown:
    """Saved, or lost with a reason; the dispatcher verifies it (TK-03, TK-04)."""
    return await order(
        Act.COMPLETE,
        Said(
            result=asked.result,
            lost_reason=asked.lost_reason if asked.result is Result.LOST else None,
            leaving_reason=asked.leaving_reason,
            handler=asked.handler,
            note=asked.note,
        ),
    )


@router.post("/orders/{order_id}/withdraw", responses=_refuses(AlreadyOpened, *GUARDED))
async def withdraw_completion(order: Order) -> OrderShown:
    """Until the dispatcher has opened it."""
    return await order(Act.WITHDRAW, Said())


@router.post("/orders/{order_id}/open", responses=_refuses())
async def open_order(order: Order) -> OrderShown:
    """The dispatcher looks at the result; from here on the branch withdraws nothing."""
    return await order(Act.OPEN, Said())


@router.post("/orders/{order_id}/verify", responses=_refuses(OwnWork))
async def verify_order(order: Order) -> OrderShown:
    """The result stands; never by who completed the order (TK-04)."""
    return await order(Act.VERIFY, Said())


@router.post("/orders/{order_id}/send-back", responses=_refuses(*GUARDED))
async def send_back_order(asked: Noting, order: Order) -> OrderShown:
    return await order(Act.SEND_BACK, Said(note=asked.note))


@router.post("/orders/{order_id}/reopen", responses=_refuses(*GUARDED))
async def reopen_order(asked: Noting, order: Order) -> OrderShown:
    return await order(Act.REOPEN, Said(note=asked.note))


@router.post("/orders/{order_id}/cancel", responses=_refuses())
async def cancel_order(asked: Cancelling, order: Order) -> OrderShown:
    return await order(Act.CANCEL, Said(cancel_reason=asked.reason))
