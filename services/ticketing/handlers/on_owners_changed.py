"""callcenter gave customers to other managers: orders show whose a customer is now.

The first manager is the profile's; a whole portfolio may change hands in one act, hence the run.
"""

from collections.abc import Sequence

from services.ticketing.store import customers
from shared.database import UnitOfWork
from shared.events.callcenter import OwnerChanged


async def on_owners_changed(told: Sequence[OwnerChanged], uow: UnitOfWork) -> None:
    """The newest of each customer counts."""
    newest: dict[int, OwnerChanged] = {}
    for changed in told:
        kept = newest.setdefault(changed.customer_id, changed)
        if kept.at < changed.at:
            newest[changed.customer_id] = changed
    await customers.change_owners(uow.connection, list(newest.values()))
