"""A manager's work: the next task, the call, its result; and what the gate answered (CC-05)."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import BaseModel

from services.callcenter.api.routes import BusinessTime, router
from services.callcenter.api.shapes import (
    AgreementShown,
    InboundReported,
    ProposalShown,
    RecordedShown,
    ResultReported,
    TaskShown,
    TaskWished,
    TaskWithTurns,
    TurnShown,
)
from services.callcenter.domain.task import State
from services.callcenter.handlers.hold_task import (
    ContactForbidden,
    NotAccepted,
    NotYours,
    TaskClosed,
    next_task,
)
from services.callcenter.handlers.hold_task import (
    accept_task as accept,
)
from services.callcenter.handlers.hold_task import (
    keep_task as keep,
)
from services.callcenter.handlers.open_manual_task import Wish
from services.callcenter.handlers.open_manual_task import open_manual_task as wish_for
from services.callcenter.handlers.read_tasks import Filter
from services.callcenter.handlers.read_tasks import list_tasks as list_of
from services.callcenter.handlers.read_tasks import read_proposal as proposal_of
from services.callcenter.handlers.read_tasks import read_task as task_of
from services.callcenter.handlers.record_inbound import AlreadyRecorded
from services.callcenter.handlers.record_inbound import record_inbound as inbound
from services.callcenter.handlers.record_result import OutsideCallingHours, Recorded
from services.callcenter.handlers.record_result import record_result as report
from services.callcenter.handlers.withdraw_agreement import AlreadyWithdrawn
from services.callcenter.handlers.withdraw_agreement import withdraw_agreement as withdraw
from services.callcenter.store.tasks import Task
from shared.errors import NotFound
from shared.web.access import Admitted
from shared.web.asked import Asked, Customer
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.preconditions import etag_of
from shared.web.transaction import Transaction

Manager = Annotated[
    str | None,
    Query(min_length=1, max_length=200, pattern="^[!-~]+$", description="A manager's subject"),
]


class _Row(BaseModel):
    """Where a page of tasks ended."""

    opened_at: BusinessTime
    task_id: UUID


def _shown(task: Task, response: Response) -> TaskShown:
    response.headers["ETag"] = etag_of(task.version)
    return TaskShown.model_validate(task)


def _recorded(recorded: Recorded) -> RecordedShown:
    return RecordedShown(
        task=TaskShown.model_validate(recorded.task),
        contact_id=recorded.contact_id,
        agreement_id=recorded.agreement_id,
    )


@router.get("/tasks")
async def list_tasks(
    uow: Transaction,
    *,
    state: State | None = None,
    manager: Manager = None,
    limit: Limit = PAGE_ROWS,
    cursor: Cursor = None,
) -> Page[TaskShown]:
    """Tasks, newest first; `manager` owns them or has them in hand."""
    after = position_in(cursor, _Row)
    before = (after.opened_at, after.task_id) if after else None
    found = await list_of(Filter(state, manager), uow, before=before, rows=limit + 1)
    shown = [TaskShown.model_validate(task) for task in found[:limit]]
    more = len(found) > limit
    last = _Row(opened_at=shown[-1].opened_at, task_id=shown[-1].task_id) if more else None
    return Page(items=shown, next_cursor=cursor_of(last) if last else None)


@router.post("/tasks", status_code=201, responses=refusals(NotFound))
async def open_task(asked: TaskWished, by: Asked, uow: Transaction) -> ProposalShown:
    """Ask the gate for a call; it answers granted or declined, and why."""
    wish = Wish(asked.customer_id, asked.reason, asked.not_before)
    return ProposalShown.model_validate(await wish_for(wish, by, uow))


@router.post(
    "/tasks/next",
    response_model=TaskShown,
    responses={204: {"description": "There is nothing to do for this manager now"}},
)
async def reserve_next_task(by: Asked, admission: Admitted, *, uow: Transaction) -> Response:
    """What the manager has in hand, else the first task of the queue, reserved for a minute."""
    task = await next_task(by.by, admission.organisation, by.at, uow)
    if task is None:
        return Response(status_code=204)
    return Response(
        TaskShown.model_validate(task).model_dump_json(),
        headers={"ETag": etag_of(task.version)},
        media_type="application/json",
    )


@router.get("/tasks/{task_id}", responses=refusals(NotFound))
async def read_task(task_id: UUID, uow: Transaction, response: Response) -> TaskWithTurns:
    task, turns = await task_of(task_id, uow)
    response.headers["ETag"] = etag_of(task.version)
    shown = [TurnShown.model_validate(turn) for turn in turns]
    return TaskWithTurns.model_validate({**vars(task), "turns": shown})


@router.post(
    "/tasks/{task_id}/accept",
    responses=refusals(NotFound, TaskClosed, NotYours, ContactForbidden),
)
async def accept_task(
    task_id: UUID, by: Asked, *, uow: Transaction, response: Response
) -> TaskShown:
    """The manager calls now; from here on a heartbeat every minute keeps the task."""
    return _shown(await accept(task_id, by.by, uow), response)


@router.post("/tasks/{task_id}/heartbeat", responses=refusals(NotFound, TaskClosed, NotYours))
async def keep_task(task_id: UUID, by: Asked, *, uow: Transaction, response: Response) -> TaskShown:
    return _shown(await keep(task_id, by.by, uow), response)


@router.post(
    "/tasks/{task_id}/result",
    responses=refusals(
        NotFound, TaskClosed, NotYours, NotAccepted, ContactForbidden, OutsideCallingHours
    ),
)
async def record_result(
    reported: ResultReported, task_id: UUID, by: Asked, *, uow: Transaction
) -> RecordedShown:
    """What the call came to (CC-11); what follows stands in the task."""
    return _recorded(await report(task_id, reported.outcome(), by, uow))


@router.post(
    "/customers/{customer_id}/inbound",
    status_code=201,
    responses=refusals(NotFound, ContactForbidden, AlreadyRecorded),
)
async def record_inbound(
    reported: InboundReported, customer: Customer, by: Asked, *, uow: Transaction
) -> RecordedShown:
    """The customer called (CC-17)."""
    return _recorded(await inbound(customer, reported.outcome(), by, uow))


@router.get("/proposals/{proposal_id}", responses=refusals(NotFound))
async def read_proposal(
    proposal_id: Annotated[str, Path(pattern="^[0-9A-Za-z_.:-]{1,64}$")], uow: Transaction
) -> list[ProposalShown]:
    """Every attempt of a proposal, with its answer."""
    return [ProposalShown.model_validate(one) for one in await proposal_of(proposal_id, uow)]


@router.post("/agreements/{agreement_id}/withdraw", responses=refusals(NotFound, AlreadyWithdrawn))
async def withdraw_agreement(agreement_id: UUID, by: Asked, uow: Transaction) -> AgreementShown:
    """The customer takes it back."""
    return AgreementShown.model_validate(await withdraw(agreement_id, by, uow))
