"""BOSS/CRM told profiles: keep county, tier, manager, and what stands against retaining."""

from collections.abc import Sequence

from services.ticketing.domain.guard import Guard
from services.ticketing.handlers.enforce import enforce
from services.ticketing.handlers.tell import Cause
from services.ticketing.store import customers, guards
from services.ticketing.store.guards import Word
from shared.database import UnitOfWork
from shared.events.customers import CustomerProfile, PortabilityState

_APPLIED = frozenset({PortabilityState.APPLIED, PortabilityState.PORTED_OUT})


async def on_customer_profiles(profiles: Sequence[CustomerProfile], uow: UnitOfWork) -> None:
    """The newest of each customer counts; a guard is kept by its own event times."""
    newest: dict[int, CustomerProfile] = {}
    for profile in profiles:
        kept = newest.setdefault(profile.customer_id, profile)
        if kept.sequence < profile.sequence:
            newest[profile.customer_id] = profile
    await customers.upsert(uow.connection, list(newest.values()))
    standing = await guards.hear(uow.connection, [_word(told) for told in newest.values()])
    for customer, guard in standing.items():
        told = newest[customer]
        cause = Cause(str(told.event_id), told.event_type)
        await enforce({customer: guard}, cause, told.at, uow)


def _word(profile: CustomerProfile) -> Word:
    applied = profile.portability in _APPLIED
    # An application without a date counts from the profile on; nothing else lifts one so.
    undated = profile.at if applied else None
    guard = Guard(
        portability_applied=applied,
        portability_at=profile.portability_at or undated,
        consent_withdrawn=not profile.consent,
        consent_at=profile.consent_at,
    )
    return Word(profile.customer_id, guard)
