"""The customer called: recorded whatever the guards say, and never counted (CC-17)."""

from services.callcenter.domain.gate import Because
from services.callcenter.domain.outcome import Disposition, Result
from services.callcenter.domain.priority import MANUAL, with_tier
from services.callcenter.domain.task import Kind, NewTask, State
from services.callcenter.handlers.hold_task import require_may_agree
from services.callcenter.handlers.record_call import Outcome, record_call
from services.callcenter.handlers.record_result import Recorded
from services.callcenter.handlers.stop_contacts import stop_contacts
from services.callcenter.store import budget, customers, tasks
from services.callcenter.store.customers import Customer
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.errors import Conflict
from shared.events.event import effect_id


class AlreadyRecorded(Conflict):
    slug = "already-recorded"
    title = "This Idempotency-Key was used for it long ago; take a new key"


async def record_inbound(
    customer_id: int, outcome: Outcome, cause: Cause, uow: UnitOfWork
) -> Recorded:
    """Record a call of the customer; who has answered need not be called any more.

    Raises:
        NotFound: the caller may see no such customer.
        ContactForbidden: an agreement after an application to port would interfere (XC-20), one
            without consent would begin an order that ticketing must cancel (XC-21).
        AlreadyRecorded: the request was carried out before the doorway forgot its key.
    """
    customer = await customers.visible(uow.connection, customer_id)
    locked = await budget.lock(uow.connection, customer_id)
    require_may_agree(outcome.result, locked.standing.guard)
    opened = _task(customer, cause)
    if not await tasks.insert(uow.connection, opened):
        raise AlreadyRecorded(f"It made task {opened.task_id}")
    task = await tasks.visible(uow.connection, opened.task_id)
    contact_id, agreement_id = await record_call(task, outcome, cause, uow)
    await tasks.close(uow.connection, task, State.DONE, at=cause.at, attempts=0)
    because = _what_it_ends(outcome)
    if because is not None:
        await stop_contacts(locked, customer.county, because, cause=cause, uow=uow)
    now = await tasks.visible(uow.connection, opened.task_id)
    return Recorded(now, contact_id, agreement_id)


def _what_it_ends(outcome: Outcome) -> Because | None:
    """Why nobody needs to call any more, or may."""
    if outcome.disposition is Disposition.STOP_CALLING:
        return Because.FROZEN
    return Because.INBOUND if outcome.result in (Result.AGREED, Result.REFUSED) else None


def _task(customer: Customer, cause: Cause) -> NewTask:
    return NewTask(
        task_id=effect_id(cause.id, "callcenter.task"),
        customer_id=customer.customer_id,
        county=customer.county,
        kind=Kind.INBOUND,
        cause_id=cause.id,
        cause_type=cause.type,
        reason="inbound",
        about=f"customer/{customer.customer_id}",
        priority=with_tier(MANUAL, customer.tier),
        tier=customer.tier,
        owner=customer.manager,
        not_before=cause.at,
        valid_until=cause.at,
        opened_at=cause.at,
    )
