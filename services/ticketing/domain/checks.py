"""What must hold beside the state before an act is done; each refusal says what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.ticketing.domain.guard import Guard
from services.ticketing.domain.lost_reasons import LostReason
from services.ticketing.domain.order import Order
from services.ticketing.domain.states import Act, Result, ReturnReason
from services.ticketing.domain.transitions import Check

# What these ask for may still be said with the act.
SAID_WITH = frozenset({Check.LOST_REASON_GIVEN, Check.LEAVING_DETAILS_KNOWN})


@dataclass(frozen=True)
class Said:
    """What somebody said with an act; which of it counts depends on the act."""

    note: str | None = None
    return_reason: ReturnReason | None = None
    cancel_reason: str | None = None
    result: Result | None = None
    lost_reason: LostReason | None = None
    leaving_reason: str | None = None
    handler: str | None = None
    county: str | None = None


@dataclass(frozen=True)
class Asked:
    """Somebody asks for an act on an order, at a business time."""

    act: Act
    by: str
    at: datetime
    said: Said


@dataclass(frozen=True)
class Unmet:
    """A check that does not hold; `slug` is stable, `advice` is for whoever asked."""

    slug: str
    advice: str


def unmet(checks: tuple[Check, ...], order: Order, asked: Asked, *, guard: Guard) -> Unmet | None:
    """The first check that does not hold."""
    for check in checks:
        found = _CHECKS[check](order, asked, guard)
        if found is not None:
            return found
    return None


def _not_opened(order: Order, _asked: Asked, _guard: Guard) -> Unmet | None:
    if order.work.opened_at is None:
        return None
    return Unmet("already-opened", "The dispatcher has opened it; ask for it to be sent back")


def _not_own_work(order: Order, asked: Asked, _guard: Guard) -> Unmet | None:
    if order.work.completed_by != asked.by:
        return None
    return Unmet("own-work", "You cannot verify an order you completed; another dispatcher may")


def _lost_reason_given(_order: Order, asked: Asked, _guard: Guard) -> Unmet | None:
    said = asked.said
    if said.result is not Result.LOST:
        return None
    if said.lost_reason is None:
        return Unmet("lost-reason-missing", "Say why the customer was lost: lost_reason")
    if said.lost_reason is LostReason.OTHER and not said.note:
        return Unmet("note-missing", "With the reason `other` say in a note what it was")
    return None


def _leaving_details_known(order: Order, asked: Asked, _guard: Guard) -> Unmet | None:
    reason = order.work.leaving_reason or asked.said.leaving_reason
    handler = order.work.handler or asked.said.handler
    if reason and handler:
        return None
    return Unmet(
        "leaving-details-missing",
        "Say why the customer leaves and who stands at the counter: leaving_reason, handler",
    )


def _may_be_retained(order: Order, _asked: Asked, guard: Guard) -> Unmet | None:
    match guard.forbids(order.brief.order_type):
        case Act.PORTABILITY_APPLIED:
            return Unmet(
                "portability-applied",
                "The customer has applied to port the number: do not retain, cancel the order",
            )
        case Act.CONSENT_WITHDRAWN:
            return Unmet("consent-withdrawn", "The customer took consent back: cancel the order")
        case _:
            return None


_CHECKS: Mapping[Check, Callable[[Order, Asked, Guard], Unmet | None]] = {
    Check.NOT_OPENED: _not_opened,
    Check.NOT_OWN_WORK: _not_own_work,
    Check.LOST_REASON_GIVEN: _lost_reason_given,
    Check.LEAVING_DETAILS_KNOWN: _leaving_details_known,
    Check.MAY_BE_RETAINED: _may_be_retained,
}
