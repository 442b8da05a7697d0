"""The steps of a causal chain as one schema knows them; every service mounts `router`.

`holdfast trace` asks all services and puts the steps together. A step outlives its outbox row.
Services in which people act on an aggregate mount `histories` as well: there a chain goes on with
the aggregate's fact before, for a request has no cause that we know (shared/migrations/
links_by_subject.py has the index).
"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import text

from shared.web.operations import operations
from shared.web.transaction import Transaction

# A batch may have thousands of effects; a chain that is read by a person has some.
LINKS_MAX = 200

router = operations()
histories = operations()

_COLUMNS = "event_id, cause_id, cause_type, type, subject, at, recorded_at"

_OF_EVENT = text(f"SELECT {_COLUMNS} FROM event_link WHERE event_id = :id LIMIT :rows")  # noqa: S608 - our own list of columns.

_BY_CAUSE = text(f"""
    SELECT {_COLUMNS} FROM event_link WHERE cause_id = :id
    ORDER BY recorded_at, event_id LIMIT :rows
""")  # noqa: S608 - as above.

_BY_SUBJECT = text(f"""
    SELECT {_COLUMNS} FROM event_link WHERE subject = :id
    ORDER BY recorded_at, event_id LIMIT :rows
""")  # noqa: S608 - as above.


class LinkShown(BaseModel):
    """A fact, and what it was caused by; `recorded_at` is machine time."""

    model_config = ConfigDict(from_attributes=True)

    event_id: UUID
    cause_id: str | None
    cause_type: str | None
    type: str
    subject: str
    at: AwareDatetime
    recorded_at: AwareDatetime


class LinksShown(BaseModel):
    """What this service knows of an event: why it told it, and what it told because of it."""

    links: Sequence[LinkShown]
    effects: Sequence[LinkShown]


# PostgreSQL's text cannot hold U+0000, and no identifier holds blanks.
Named = Annotated[str, Query(max_length=500, pattern=r"^[^\x00-\x20]+$")]


@router.get("/links/{event_id}")
async def read_links(event_id: UUID, uow: Transaction) -> LinksShown:
    """Empty lists where this service did not take part."""
    limits = {"rows": LINKS_MAX}
    links = await uow.connection.execute(_OF_EVENT, {"id": event_id, **limits})
    effects = await uow.connection.execute(_BY_CAUSE, {"id": str(event_id), **limits})
    return LinksShown(links=_shown(links), effects=_shown(effects))


@router.get("/links")
async def list_links(cause_id: Named, uow: Transaction) -> Sequence[LinkShown]:
    """What a request (`manager-03/KEY`) or a timer led to, in the order of recording."""
    return _shown(await uow.connection.execute(_BY_CAUSE, {"id": cause_id, "rows": LINKS_MAX}))


@histories.get("/histories")
async def read_history(subject: Named, uow: Transaction) -> Sequence[LinkShown]:
    """The facts about one subject (`order/…`), in the order of recording."""
    return _shown(await uow.connection.execute(_BY_SUBJECT, {"id": subject, "rows": LINKS_MAX}))


def _shown(rows: Any) -> list[LinkShown]:  # noqa: ANN401 - rows of a result, read by their names.
    return [LinkShown.model_validate(row) for row in rows]
