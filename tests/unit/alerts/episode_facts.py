"""One hit, and what others tell of its customer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.alerts.engine.facts import microseconds
from services.alerts.engine.hits import Hit
from shared.events.callcenter import (
    AgreementWithdrawn,
    ContactDeclined,
    ContactGranted,
    ContactRecorded,
    ContactReplaced,
    OrderType,
    RenewalAgreed,
)
from shared.events.customers import Tier
from shared.events.event import CustomerEvent, EventId
from shared.events.ticketing import WorkOrderCancelled, WorkOrderVerified
from shared.events.touchpoints import PortabilityApplied
from tests.unit.alerts.engine_facts import FRIDAY

GRANT = UUID("2f1c1c1e-30f5-4a8a-9a55-6d1d5f9f5b11")


def a_hit(rule: str = "AL-01", *, customer: int = 7, tier: int = 3, at: datetime = FRIDAY) -> Hit:
    """By default of a gold customer."""
    return Hit(
        customer_id=customer,
        county=990101,
        tier=tier,
        rule=rule,
        version=1,
        at=microseconds(at),
        value=6_000,
        baseline=10_000,
        threshold=7_000,
        window_from=microseconds(at - timedelta(days=90)),
        window_to=microseconds(at),
        unit="fen",
        suppressed=False,
        cause_id=str(uuid4()),
        cause_type="billing.bill_issued.v1",
        facts=('{"bill_id": "B1"}',),
    )


def _made(model: type[CustomerEvent], customer: int, at: datetime, **fields: Any) -> Any:  # noqa: ANN401 - of any model.
    identity = {
        "event_id": EventId(uuid4()),
        "subject": f"customer/{customer}",
        "at": at,
        "customer_id": customer,
        "county": "990101",
    }
    return model.model_validate(identity | fields)


def granted(
    proposal: str, *, customer: int = 7, grant: UUID = GRANT, at: datetime = FRIDAY
) -> ContactGranted:
    return _made(ContactGranted, customer, at, proposal_id=proposal, grant_id=grant)


def declined(
    proposal: str, *, again_at: datetime | None = None, customer: int = 7, at: datetime = FRIDAY
) -> ContactDeclined:
    return _made(
        ContactDeclined, customer, at, proposal_id=proposal, because="cap", again_at=again_at
    )


def replaced(by: str = "counter", *, customer: int = 7, at: datetime = FRIDAY) -> ContactReplaced:
    return _made(ContactReplaced, customer, at, grant_id=GRANT, by=by)


def called(*, reached: bool, customer: int = 7, at: datetime = FRIDAY) -> ContactRecorded:
    return _made(
        ContactRecorded,
        customer,
        at,
        task_id=uuid4(),
        grant_id=GRANT,
        disposition=3 if reached else 2,
        reached=reached,
        inbound=False,
        manager="manager-01",
    )


def agreed(*, customer: int = 7, at: datetime = FRIDAY) -> RenewalAgreed:
    return _made(
        RenewalAgreed,
        customer,
        at,
        agreement_id=uuid4(),
        task_id=uuid4(),
        order_type=OrderType.BROADBAND,
        offer="contract-24-months",
        agreed_at=at,
        manager="manager-01",
        tier=Tier.GOLD,
        priority=68,
    )


def withdrawn(*, customer: int = 7, at: datetime = FRIDAY) -> AgreementWithdrawn:
    return _made(AgreementWithdrawn, customer, at, agreement_id=uuid4())


def verified(result: str, *, customer: int = 7, at: datetime = FRIDAY) -> WorkOrderVerified:
    return _made(
        WorkOrderVerified,
        customer,
        at,
        order_id=uuid4(),
        state=f"verified_{result}",
        actor="dispatcher-9901",
        result=result,
    )


def cancelled(*, customer: int = 7, at: datetime = FRIDAY) -> WorkOrderCancelled:
    return _made(
        WorkOrderCancelled, customer, at, order_id=uuid4(), state="cancelled", actor="system"
    )


def ported(*, customer: int = 7, at: datetime = FRIDAY) -> PortabilityApplied:
    return _made(PortabilityApplied, customer, at, reference="P-1")
