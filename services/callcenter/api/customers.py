"""A customer from every side, and how the work goes (CC-26, KP-12)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from services.callcenter.api.routes import router
from services.callcenter.api.shapes import AgreementShown, Shown, TaskShown
from services.callcenter.domain.outcome import Disposition, Result
from services.callcenter.handlers.read_customer import CustomerView
from services.callcenter.handlers.read_customer import read_customer as customer_view
from services.callcenter.handlers.read_figures import read_figures as all_figures
from shared.errors import NotFound
from shared.events.customers import CustomerStatus, Tier
from shared.events.event import CustomerId
from shared.web.asked import Customer
from shared.web.documentation import refusals
from shared.web.transaction import Transaction


class ProfileShown(Shown):
    customer_id: CustomerId
    county: str
    tier: Tier
    status: CustomerStatus
    plan: str
    credit: int
    group_code: str | None
    joined_on: date | None
    birthday_month: int | None
    contracts: Sequence[dict[str, Any]]
    manager: str | None
    managed_since: AwareDatetime | None


class BudgetShown(Shown):
    """What of the contact budget is used, and what forbids calls."""

    reached_at: AwareDatetime | None
    frozen_until: AwareDatetime | None
    open_grant_id: UUID | None
    portability: str
    do_not_call: bool
    allowed: bool


class AlertShown(Shown):
    alert_id: UUID
    rule: str
    rule_version: int
    severity: str
    evidence: dict[str, Any]
    raised_at: AwareDatetime


class EpisodeShown(Shown):
    episode_id: UUID
    severity: str
    priority: int
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    outcome: str | None
    alerts: Sequence[AlertShown]


class OrderShown(Shown):
    order_id: UUID
    number: str | None
    order_type: str | None
    state: str
    due_at: AwareDatetime | None
    breached: bool
    escalated: int
    result: str | None
    lost_reason: str | None


class BillShown(Shown):
    month: str
    amount_fen: int


class AtRiskShown(Shown):
    points: int
    clears_on: date


class SignalShown(Shown):
    kind: str
    channel: str
    reference: str
    at: AwareDatetime


class ContactShown(Shown):
    contact_id: UUID
    task_id: UUID
    grant_id: UUID | None
    disposition: Disposition
    result: Result | None
    reached: bool
    inbound: bool
    manager: str
    note: str | None
    at: AwareDatetime


class CustomerShown(Shown):
    """In the order of the desk: who, why now, what may be said, what was."""

    customer: ProfileShown
    budget: BudgetShown
    episodes: Sequence[EpisodeShown]
    at_risk: AtRiskShown | None
    bills: Sequence[BillShown]
    orders: Sequence[OrderShown]
    signals: Sequence[SignalShown]
    tasks: Sequence[TaskShown]
    contacts: Sequence[ContactShown]
    agreements: Sequence[AgreementShown]


class CountShown(Shown):
    """So many of one kind."""

    of: str
    what: str
    count: int


class ReachShown(Shown):
    """Outbound calls; the rates are absent before the first (KP-12)."""

    calls: int
    calls_reached: int
    customers_called: int
    customers_reached: int
    customers_agreed: int
    inbound: int
    contact_rate: float | None
    success_rate: float | None


class FiguresShown(Shown):
    proposals: Sequence[CountShown]
    tasks: Sequence[CountShown]
    contacts: Sequence[CountShown]
    agreements: Sequence[CountShown]
    reach: ReachShown
    cap_broken: int


@router.get("/customers/{customer_id}", responses=refusals(NotFound))
async def read_customer(customer: Customer, uow: Transaction) -> CustomerShown:
    """Everything that a call needs."""
    found: CustomerView = await customer_view(customer, uow)
    return CustomerShown.model_validate(found)


@router.get("/figures")
async def read_figures(uow: Transaction) -> FiguresShown:
    """How many of what, in the caller's part of the organisation."""
    return FiguresShown.model_validate(await all_figures(uow))
