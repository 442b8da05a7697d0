"""A customer allows calls or forbids them: what was open and is forbidden now ends (XC-21)."""

from services.callcenter.handlers.stop_contacts import obey_guard
from services.callcenter.store import guards
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.events.touchpoints import ConsentChanged


async def on_consent_changed(changed: ConsentChanged, uow: UnitOfWork) -> None:
    await guards.merge_consent(uow.connection, changed)
    cause = Cause(str(changed.event_id), changed.event_type, changed.at)
    await obey_guard(changed.customer_id, changed.county, cause, uow)
