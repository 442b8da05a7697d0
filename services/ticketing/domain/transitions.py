"""Which act leads from which state to which: one table for renewals, one for the counter.

The diagram of docs/work-orders.md and the acts that the API offers are read from these rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.ticketing.domain.states import (
    OPEN,
    Act,
    ClockEffect,
    OrderType,
    Result,
    State,
)
from shared.events import ticketing as facts
from shared.events.event import CustomerEvent


class Check(StrEnum):
    """What must hold beside the state; services/ticketing/domain/checks.py says how."""

    NOT_OPENED = "not_opened"  # by the dispatcher
    NOT_OWN_WORK = "not_own_work"
    LOST_REASON_GIVEN = "lost_reason_given"
    LEAVING_DETAILS_KNOWN = "leaving_details_known"
    MAY_BE_RETAINED = "may_be_retained"


@dataclass(frozen=True)
class Transition:
    """`result`: the row holds for an order with this result; None: for any."""

    source: State
    act: Act
    target: State
    checks: tuple[Check, ...] = ()
    clock: ClockEffect = ClockEffect.KEEP
    told: type[CustomerEvent] | None = None
    result: Result | None = None


def _from(
    sources: Iterable[State],
    act: Act,
    target: State,
    *,
    checks: tuple[Check, ...] = (),
    clock: ClockEffect = ClockEffect.KEEP,
    told: type[CustomerEvent] | None = None,
) -> tuple[Transition, ...]:
    return tuple(
        Transition(source, act, target, checks=checks, clock=clock, told=told) for source in sources
    )


_WITH_BRANCH = (State.NEW, State.IN_PROGRESS, State.SENT_BACK)
_VERIFIED = (State.VERIFIED_SAVED, State.VERIFIED_LOST)

_SHARED = (
    *_from(
        (State.NEW, State.SENT_BACK),
        Act.ACCEPT,
        State.IN_PROGRESS,
        checks=(Check.MAY_BE_RETAINED,),
        told=facts.WorkOrderAccepted,
    ),
    *_from(
        _WITH_BRANCH,
        Act.RETURN,
        State.WAITING_DISPATCHER,
        clock=ClockEffect.PAUSE,
        told=facts.WorkOrderReturned,
    ),
    Transition(
        State.WAITING_DISPATCHER,
        Act.ANSWER,
        State.IN_PROGRESS,
        checks=(Check.MAY_BE_RETAINED,),
        clock=ClockEffect.RESUME,
        told=facts.WorkOrderAccepted,
    ),
    Transition(
        State.WAITING_DISPATCHER,
        Act.REDISPATCH,
        State.NEW,
        checks=(Check.MAY_BE_RETAINED,),
        clock=ClockEffect.RESTART,
        told=facts.WorkOrderDispatched,
    ),
    Transition(
        State.IN_PROGRESS,
        Act.COMPLETE,
        State.TO_VERIFY,
        checks=(Check.LOST_REASON_GIVEN,),
        clock=ClockEffect.END,
        told=facts.WorkOrderCompleted,
    ),
    # The clock goes on as if it had not been completed: a withdrawal must not win time.
    Transition(
        State.TO_VERIFY,
        Act.WITHDRAW,
        State.IN_PROGRESS,
        checks=(Check.NOT_OPENED, Check.MAY_BE_RETAINED),
        told=facts.WorkOrderReopened,
    ),
    Transition(State.TO_VERIFY, Act.OPEN, State.TO_VERIFY),
    Transition(
        State.TO_VERIFY,
        Act.VERIFY,
        State.VERIFIED_SAVED,
        checks=(Check.NOT_OWN_WORK,),
        told=facts.WorkOrderVerified,
        result=Result.SAVED,
    ),
    Transition(
        State.TO_VERIFY,
        Act.VERIFY,
        State.VERIFIED_LOST,
        checks=(Check.NOT_OWN_WORK,),
        told=facts.WorkOrderVerified,
        result=Result.LOST,
    ),
    Transition(
        State.TO_VERIFY,
        Act.SEND_BACK,
        State.SENT_BACK,
        checks=(Check.MAY_BE_RETAINED,),
        clock=ClockEffect.RESTART,
        told=facts.WorkOrderSentBack,
    ),
    *_from(
        _VERIFIED,
        Act.REOPEN,
        State.SENT_BACK,
        checks=(Check.MAY_BE_RETAINED,),
        clock=ClockEffect.RESTART,
        told=facts.WorkOrderReopened,
    ),
    *_from(OPEN, Act.CANCEL, State.CANCELLED, told=facts.WorkOrderCancelled),
    *_from(OPEN, Act.PORTABILITY_APPLIED, State.CANCELLED, told=facts.WorkOrderCancelled),
)

RENEWAL = (
    *_SHARED,
    Transition(State.NEW, Act.AGREEMENT_WITHDRAWN, State.CANCELLED, told=facts.WorkOrderCancelled),
    # Somebody works on it already: the branch reads it and says what came of it.
    *(
        Transition(state, Act.AGREEMENT_WITHDRAWN, state)
        for state in (
            State.IN_PROGRESS,
            State.WAITING_DISPATCHER,
            State.SENT_BACK,
            State.TO_VERIFY,
        )
    ),
    *_from(OPEN, Act.CONSENT_WITHDRAWN, State.CANCELLED, told=facts.WorkOrderCancelled),
)

# At a counter nobody completes without the leaving reason and who stands there (TK-09).
COUNTER = tuple(
    replace(row, checks=(*row.checks, Check.LEAVING_DETAILS_KNOWN))
    if row.act is Act.COMPLETE
    else row
    for row in _SHARED
)

TABLES: Mapping[OrderType, tuple[Transition, ...]] = {
    OrderType.THREE_G_TO_CONTRACT: RENEWAL,
    OrderType.TWO_G_TO_THREE_G: RENEWAL,
    OrderType.BROADBAND: RENEWAL,
    OrderType.COUNTER_RETENTION: COUNTER,
}


def transition(
    order_type: OrderType, state: State, act: Act, *, result: Result | None
) -> Transition | None:
    """The row that says what `act` does in `state`; None: nothing, it is refused."""
    return next(
        (
            row
            for row in TABLES[order_type]
            if (row.source, row.act) == (state, act) and row.result in (None, result)
        ),
        None,
    )
