"""BOSS/CRM told whose numbers are whose: keep it, and send what waited for it (contracts §4)."""

from collections.abc import Sequence

from services.alerts.handlers.send_parked_usage import CHUNK_ROWS, send_parked
from services.alerts.store import identity, parked_usage
from shared.database import UnitOfWork
from shared.errors import RecordFault
from shared.events.identity import IdentityAssigned


async def on_identity_assigned(assigned: Sequence[IdentityAssigned], uow: UnitOfWork) -> None:
    """Fold a run.

    Raises:
        RecordFault: an assignment ends before it begins.
    """
    for one in assigned:
        if one.valid_to is not None and one.valid_to <= one.valid_from:
            raise RecordFault("schema", "valid_to is not after valid_from")
    await identity.upsert(uow.connection, assigned)
    numbers = [bytes.fromhex(one.number_hash) for one in assigned]
    waiting = await parked_usage.lock_of_numbers(uow.connection, numbers, rows=CHUNK_ROWS)
    if waiting:
        await send_parked(waiting, uow, cause=assigned[0])
    if len(waiting) == CHUNK_ROWS:
        # There may be more; some had their second look already and would wait for their last.
        await parked_usage.hasten(uow.connection, numbers, now=max(one.at for one in assigned))
