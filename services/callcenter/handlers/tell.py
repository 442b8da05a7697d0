"""What callcenter tells, built in one place: each fact with its cause and an id that repeats."""

from datetime import datetime
from uuid import UUID

from services.callcenter.domain.gate import Because, Decline
from services.callcenter.domain.outcome import Disposition
from services.callcenter.store.agreements import Agreement
from services.callcenter.store.proposals import Proposed
from services.callcenter.store.tasks import Task
from shared.cause import Cause
from shared.events.callcenter import (
    AgreementWithdrawn,
    ContactDeclined,
    ContactGranted,
    ContactRecorded,
    ContactReplaced,
    OrderType,
    OwnerChanged,
    RenewalAgreed,
)
from shared.events.customers import CustomerProfile
from shared.events.event import effect_id


def granted(proposed: Proposed, grant_id: UUID, at: datetime) -> ContactGranted:
    return ContactGranted(
        event_id=effect_id(proposed.key, ContactGranted.event_type),
        subject=f"grant/{grant_id}",
        sequence=1,
        cause_id=proposed.cause_id,
        cause_type=proposed.cause_type,
        at=at,
        customer_id=proposed.customer_id,
        county=proposed.county,
        proposal_id=proposed.proposal_id,
        grant_id=grant_id,
    )


def declined(proposed: Proposed, decline: Decline, at: datetime) -> ContactDeclined:
    return ContactDeclined(
        event_id=effect_id(proposed.key, ContactDeclined.event_type),
        subject=f"proposal/{proposed.proposal_id}",
        sequence=proposed.attempt,
        cause_id=proposed.cause_id,
        cause_type=proposed.cause_type,
        at=at,
        customer_id=proposed.customer_id,
        county=proposed.county,
        proposal_id=proposed.proposal_id,
        because=decline.because,
        again_at=decline.again_at,
    )


def replaced(
    customer: tuple[int, str], grant_id: UUID, by: Because | str, cause: Cause
) -> ContactReplaced:
    """A grant ended before it reached the customer; a grant does so once."""
    return ContactReplaced(
        event_id=effect_id(grant_id, ContactReplaced.event_type),
        subject=f"grant/{grant_id}",
        sequence=2,
        cause_id=cause.id,
        cause_type=cause.type,
        at=cause.at,
        customer_id=customer[0],
        county=customer[1],
        grant_id=grant_id,
        by=by,
    )


def recorded(
    task: Task, contact_id: UUID, disposition: Disposition, *, manager: str, at: datetime
) -> ContactRecorded:
    """Its cause is the fact that opened the task: so a chain reaches back through the call."""
    return ContactRecorded(
        event_id=effect_id(contact_id, ContactRecorded.event_type),
        subject=f"contact/{contact_id}",
        sequence=1,
        cause_id=task.cause_id,
        cause_type=task.cause_type,
        at=at,
        customer_id=task.customer_id,
        county=task.county,
        task_id=task.task_id,
        grant_id=task.grant_id,
        disposition=disposition,
        reached=disposition.reached,
        inbound=task.kind == "inbound",
        manager=manager,
    )


def agreed(agreement: Agreement, task: Task) -> RenewalAgreed:
    return RenewalAgreed(
        event_id=effect_id(agreement.agreement_id, RenewalAgreed.event_type),
        subject=f"agreement/{agreement.agreement_id}",
        sequence=1,
        cause_id=task.cause_id,
        cause_type=task.cause_type,
        at=agreement.agreed_at,
        customer_id=task.customer_id,
        county=task.county,
        agreement_id=agreement.agreement_id,
        task_id=task.task_id,
        order_type=OrderType(agreement.order_type),
        offer=agreement.offer,
        agreed_at=agreement.agreed_at,
        manager=agreement.manager,
        tier=task.tier,
        priority=task.priority,
    )


def withdrawn(agreement: Agreement, county: str, cause: Cause) -> AgreementWithdrawn:
    return AgreementWithdrawn(
        event_id=effect_id(agreement.agreement_id, AgreementWithdrawn.event_type),
        subject=f"agreement/{agreement.agreement_id}",
        sequence=agreement.version,
        cause_id=cause.id,
        cause_type=cause.type,
        at=cause.at,
        customer_id=agreement.customer_id,
        county=county,
        agreement_id=agreement.agreement_id,
    )


def owner_stays(profile: CustomerProfile, manager: str) -> OwnerChanged:
    """BOSS names somebody else; the portfolio rules."""
    return OwnerChanged(
        event_id=effect_id(profile.event_id, OwnerChanged.event_type),
        subject=f"portfolio/{profile.customer_id}",
        sequence=1,
        cause_id=str(profile.event_id),
        cause_type=profile.event_type,
        at=profile.at,
        customer_id=profile.customer_id,
        county=profile.county,
        manager=manager,
        from_manager=profile.first_manager,
        reason="portfolio_rules",
    )
