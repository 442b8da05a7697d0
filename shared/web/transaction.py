"""One request is one transaction, committed before the answer leaves."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from shared.database import UnitOfWork, unit_of_work
from shared.web.access import Admitted
from shared.web.doorway import doorway_of


async def transaction(request: Request, admission: Admitted) -> AsyncGenerator[UnitOfWork]:
    """A unit of work in which row-level security sees the caller's organisation."""
    engine = doorway_of(request).engine
    async with unit_of_work(engine, organisation=admission.organisation) as uow:
        yield uow


# With the default scope FastAPI answers first and commits afterwards: a commit that fails would
# already have been reported as success.
Transaction = Annotated[UnitOfWork, Depends(transaction, scope="function")]


async def business_moment(request: Request) -> datetime:
    return doorway_of(request).clock.clock.now()


Moment = Annotated[datetime, Depends(business_moment)]
"""The request's business time; whatever a request decides, it decides at this one moment."""
