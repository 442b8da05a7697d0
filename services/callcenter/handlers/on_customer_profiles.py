"""BOSS/CRM told profiles: who they are, whose they are, whether they may be called."""

from collections.abc import Sequence

from services.callcenter.handlers import tell
from services.callcenter.handlers.answer_proposal import answer
from services.callcenter.handlers.stop_contacts import obey_guard
from services.callcenter.store import budget, customers, guards, proposals
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.events.customers import CustomerProfile


async def on_customer_profiles(profiles: Sequence[CustomerProfile], uow: UnitOfWork) -> None:
    newest = _newest(profiles)
    await customers.upsert(uow.connection, newest)
    await guards.merge_profiles(uow.connection, newest)
    theirs = await customers.seed_portfolio(uow.connection, newest)
    for profile in newest:
        # The first manager is in the profile, which whoever asks has read as well.
        if (manager := theirs.get(profile.customer_id)) is not None:
            uow.emit(tell.owner_stays(profile, manager))
    by_id = {profile.customer_id: profile for profile in newest}
    await _stop_the_forbidden(by_id, uow)
    await _answer_the_waiting(by_id, uow)
    # Last: everybody locks a customer's budget before the tasks.
    await customers.move_open_tasks(uow.connection, list(by_id))


def _newest(profiles: Sequence[CustomerProfile]) -> list[CustomerProfile]:
    """One profile of each customer, by customer: one statement cannot write a row twice."""
    kept: dict[int, CustomerProfile] = {}
    for profile in profiles:
        other = kept.setdefault(profile.customer_id, profile)
        if other.sequence <= profile.sequence:
            kept[profile.customer_id] = profile
    return [kept[customer] for customer in sorted(kept)]


async def _stop_the_forbidden(by_id: dict[int, CustomerProfile], uow: UnitOfWork) -> None:
    for customer in await guards.forbidden_with_tasks(uow.connection, list(by_id)):
        profile = by_id[customer]
        cause = Cause(str(profile.event_id), profile.event_type, profile.at)
        await obey_guard(customer, profile.county, cause, uow)


async def _answer_the_waiting(by_id: dict[int, CustomerProfile], uow: UnitOfWork) -> None:
    """Proposals that overtook the profile are answered as of the later of the two."""
    overtook = await proposals.waiting(uow.connection, list(by_id))
    for customer in sorted({waiting.customer_id for waiting in overtook}):
        # A poller may have answered before the lock was ours: read again.
        await budget.lock(uow.connection, customer)
        for waiting in await proposals.waiting(uow.connection, [customer]):
            locked = await budget.lock(uow.connection, customer)
            await answer(waiting, locked, max(by_id[customer].at, waiting.proposed_at), uow)
