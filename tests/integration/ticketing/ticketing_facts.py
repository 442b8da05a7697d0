"""Facts that ticketing reads, each valid, with what differs given by name."""

import secrets
from datetime import datetime
from typing import Any
from uuid import uuid4

from shared.events.callcenter import AgreementWithdrawn, RenewalAgreed
from shared.events.customers import CustomerProfile
from shared.events.event import EventId
from shared.events.touchpoints import (
    RETENTION,
    ConsentChanged,
    DeactivationRequested,
    PortabilityApplied,
)
from shared.working_calendar import ZONE

CITY, DONGHU, QINGSHI = "9901", "990101", "990102"


def at(day: int, hour: int, minute: int = 0, *, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


FRIDAY = at(27, 14, 10)


def a_customer() -> int:
    return secrets.randbelow(2**63 - 1) + 1


def _head(customer: int, when: datetime) -> dict[str, Any]:
    return {
        "event_id": EventId(uuid4()),
        "subject": f"customer/{customer}",
        "at": when,
        "customer_id": customer,
        "county": DONGHU,
    }


def an_agreement(customer: int, **differs: object) -> RenewalAgreed:
    fields: dict[str, object] = {
        **_head(customer, FRIDAY),
        "agreement_id": uuid4(),
        "task_id": uuid4(),
        "order_type": "broadband",
        "offer": "broadband-500m",
        "agreed_at": differs.get("at", FRIDAY),
        "manager": "manager-03",
        "tier": "silver",
        "priority": 65,
    }
    return RenewalAgreed.model_validate(fields | differs)


def withdrawal_of(agreed: RenewalAgreed, *, when: datetime | None = None) -> AgreementWithdrawn:
    head = _head(agreed.customer_id, when or agreed.at)
    return AgreementWithdrawn.model_validate({**head, "agreement_id": agreed.agreement_id})


def a_request(customer: int, **differs: object) -> DeactivationRequested:
    fields: dict[str, object] = {
        **_head(customer, FRIDAY),
        "request_id": f"R-{uuid4()}",
        "store": "990101001",
        "channel": "store",
        "reason": "tariff",
        "handler": "holder",
    }
    return DeactivationRequested.model_validate(fields | differs)


def a_portability(customer: int, *, when: datetime = FRIDAY) -> PortabilityApplied:
    return PortabilityApplied.model_validate({**_head(customer, when), "reference": "P-1"})


def a_consent(
    customer: int, *, allowed: bool, when: datetime = FRIDAY, purpose: str = RETENTION
) -> ConsentChanged:
    return ConsentChanged.model_validate(
        {**_head(customer, when), "purpose": purpose, "allowed": allowed, "do_not_call": False}
    )


def a_profile(customer: int, **differs: object) -> CustomerProfile:
    fields: dict[str, object] = {
        **_head(customer, FRIDAY),
        "sequence": 1,
        "tier": "gold",
        "plan": "5G-128",
        "first_manager": "manager-01",
        "status_at": FRIDAY,
        "consent_at": at(1, 9, month=1),
    }
    return CustomerProfile.model_validate(fields | differs)
