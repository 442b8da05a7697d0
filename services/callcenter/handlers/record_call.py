"""What a call leaves behind, whoever called: the contact, the agreement, the counters."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.callcenter.domain.gate import FREEZE
from services.callcenter.domain.outcome import Disposition, Result
from services.callcenter.domain.task import Kind
from services.callcenter.handlers import tell
from services.callcenter.store import agreements, budget, proposals
from services.callcenter.store.agreements import Agreement, Contact
from services.callcenter.store.tasks import Task
from shared import telemetry
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.events.callcenter import OrderType
from shared.events.event import effect_id


@dataclass(frozen=True)
class Outcome:
    """What a manager reports of a call; `order_type` and `offer` come with an agreement."""

    disposition: Disposition
    result: Result | None = None
    order_type: OrderType | None = None
    offer: str | None = None
    call_back_at: datetime | None = None
    note: str | None = None


async def record_call(
    task: Task, outcome: Outcome, cause: Cause, uow: UnitOfWork
) -> tuple[UUID, UUID | None]:
    """Keep and tell the contact, and the agreement if there is one; answers their ids."""
    contact = Contact(
        contact_id=effect_id(cause.id, "callcenter.contact"),
        customer_id=task.customer_id,
        task_id=task.task_id,
        grant_id=task.grant_id,
        disposition=outcome.disposition,
        result=outcome.result,
        reached=outcome.disposition.reached,
        inbound=task.kind is Kind.INBOUND,
        manager=cause.by,
        note=outcome.note,
        at=cause.at,
    )
    await agreements.insert_contact(uow.connection, contact)
    uow.emit(
        tell.recorded(task, contact.contact_id, outcome.disposition, manager=cause.by, at=cause.at)
    )
    _count(contact, uow)
    await _spend_budget(task, outcome.disposition, cause.at, uow)
    return contact.contact_id, await _agree(task, outcome, cause, uow)


async def _spend_budget(
    task: Task, disposition: Disposition, at: datetime, uow: UnitOfWork
) -> None:
    """Inbound calls and counter cases never count; a wish for silence always does."""
    if task.grant_id is not None and disposition.reached:
        await proposals.grant_reached(uow.connection, task.grant_id)
        await budget.count_contact(uow.connection, task.customer_id, task.grant_id, at=at)
    if disposition is Disposition.STOP_CALLING:
        await budget.freeze(uow.connection, task.customer_id, at + FREEZE)


async def _agree(task: Task, outcome: Outcome, cause: Cause, uow: UnitOfWork) -> UUID | None:
    if outcome.order_type is None or outcome.offer is None:
        return None
    agreement = Agreement(
        agreement_id=effect_id(cause.id, "callcenter.agreement"),
        customer_id=task.customer_id,
        task_id=task.task_id,
        order_type=outcome.order_type,
        offer=outcome.offer,
        manager=cause.by,
        agreed_at=cause.at,
    )
    await agreements.insert(uow.connection, agreement)
    uow.emit(tell.agreed(agreement, task))
    return agreement.agreement_id


def _count(contact: Contact, uow: UnitOfWork) -> None:
    counter = telemetry.CONTACTS.labels(
        disposition=contact.disposition.name.lower(),
        result=contact.result or "none",
        inbound=str(contact.inbound).lower(),
    )
    uow.after_commit(counter.inc)
