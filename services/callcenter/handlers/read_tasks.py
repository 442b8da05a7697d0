"""Somebody looks at tasks and proposals: the queue, one task with its turns, an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.callcenter.domain.task import State
from services.callcenter.store import proposals, queue, tasks
from services.callcenter.store.proposals import Proposed
from services.callcenter.store.queue import Turn
from services.callcenter.store.tasks import Task
from shared.database import UnitOfWork
from shared.errors import NotFound


@dataclass(frozen=True)
class Filter:
    state: State | None = None
    manager: str | None = None


async def list_tasks(
    wanted: Filter, uow: UnitOfWork, *, before: tuple[datetime, UUID] | None, rows: int
) -> Sequence[Task]:
    """A page of tasks behind `before`, newest first."""
    return await tasks.page(
        uow.connection, state=wanted.state, manager=wanted.manager, before=before, rows=rows
    )


async def read_task(task_id: UUID, uow: UnitOfWork) -> tuple[Task, Sequence[Turn]]:
    """The task, and who was asked.

    Raises:
        NotFound: no such task that the caller may see.
    """
    task = await tasks.visible(uow.connection, task_id)
    return task, await queue.turns(uow.connection, task_id)


async def read_proposal(proposal_id: str, uow: UnitOfWork) -> Sequence[Proposed]:
    """Every attempt of a proposal with its answer.

    Raises:
        NotFound: none that the caller may see.
    """
    found = await proposals.by_id(uow.connection, proposal_id)
    if not found:
        raise NotFound(f"No proposal {proposal_id}")
    return found
