"""What came of usage: episodes with their evidence, the rules, and figures (AL-03, AL-13)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.alerts.handlers.read_episode import read_episode as whole_episode
from services.alerts.handlers.read_figures import read_figures as figures_now
from services.alerts.store import reading, rules
from shared.errors import NotFound
from shared.events.alerts import Evidence, Severity
from shared.events.customers import Tier
from shared.events.event import CustomerId
from shared.web.cursors import PAGE_ROWS, Cursor, Limit, Page, cursor_of, position_in
from shared.web.documentation import refusals
from shared.web.operations import operations
from shared.web.transaction import Transaction

router = operations()

Sane = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
RuleCode = Annotated[str | None, Query(pattern="^[A-Z]{2}-[0-9]{2}$")]
CustomerAsked = Annotated[
    str | None, Query(pattern="^[1-9][0-9]{0,18}$", description="Decimal digits")
]
OpenedFrom = Annotated[Sane | None, Query(description="Opened then or later")]


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class EpisodeShown(_Shown):
    episode_id: UUID
    customer_id: CustomerId
    county: str
    tier: Tier
    state: State
    severity: Severity
    priority: int
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    outcome: str | None
    version: int
    rules: Sequence[str]
    proposal_id: str | None
    attempt: int | None
    answer: str | None = Field(description="What callcenter said to the proposal: None, not yet")
    because: str | None
    grant_id: UUID | None
    answered_at: AwareDatetime | None
    again_at: AwareDatetime | None
    agreed_at: AwareDatetime | None


class HitShown(_Shown):
    alert_id: UUID
    rule: str
    rule_version: int
    severity: Severity
    at: AwareDatetime
    cause_id: str | None
    cause_type: str | None
    evidence: Evidence


class SuppressionShown(_Shown):
    alert_id: UUID
    rule: str
    rule_version: int
    reason: str
    at: AwareDatetime


class WholeEpisodeShown(_Shown):
    episode: EpisodeShown
    hits: Sequence[HitShown]
    suppressions: Sequence[SuppressionShown]


class RuleShown(_Shown):
    code: str
    severity: Severity
    reason: str
    title_en: str
    title_zh: str
    version: int
    state: str
    cool_down_days: int
    parameters: dict[str, Any]


class RulesShown(BaseModel):
    items: Sequence[RuleShown]


class RecordsShown(_Shown):
    accepted: int
    parked: int


class OfRuleShown(_Shown):
    rule: str
    hits: int
    episodes: int


class OfStateShown(_Shown):
    state: State
    outcome: str
    episodes: int


class OfAnswerShown(_Shown):
    answer: str
    because: str
    proposals: int


class FiguresShown(_Shown):
    records: RecordsShown
    rules: Sequence[OfRuleShown]
    states: Sequence[OfStateShown]
    answers: Sequence[OfAnswerShown]
    suppressions: int


class _Row(BaseModel):
    """Where a page of episodes ended."""

    at: Sane
    episode_id: UUID


@router.get("/episodes")
async def list_episodes(
    uow: Transaction,
    *,
    rule: RuleCode = None,
    state: State | None = None,
    customer_id: CustomerAsked = None,
    opened_from: OpenedFrom = None,
    limit: Limit = PAGE_ROWS,
    cursor: Cursor = None,
) -> Page[EpisodeShown]:
    customer = int(customer_id) if customer_id else None
    if customer is not None and customer >= 2**63:
        return Page(items=[])  # 63 bits hold a little less than 19 digits
    after = position_in(cursor, _Row)
    before = (after.at, after.episode_id) if after else None
    asked = reading.Asked(rule, state, customer, opened_from)
    found = await reading.episodes(uow.connection, asked, before=before, rows=limit + 1)
    shown = [EpisodeShown.model_validate(episode) for episode in found[:limit]]
    more = len(found) > limit
    last = _Row(at=shown[-1].opened_at, episode_id=shown[-1].episode_id) if more else None
    return Page(items=shown, next_cursor=cursor_of(last) if last else None)


@router.get("/episodes/{episode_id}", responses=refusals(NotFound))
async def read_episode(episode_id: UUID, uow: Transaction) -> WholeEpisodeShown:
    return WholeEpisodeShown.model_validate(await whole_episode(episode_id, uow))


@router.get("/rules")
async def list_rules(uow: Transaction) -> RulesShown:
    found = await rules.all_versions(uow.connection)
    return RulesShown(items=[RuleShown.model_validate(version) for version in found])


@router.get("/figures")
async def read_figures(uow: Transaction) -> FiguresShown:
    return FiguresShown.model_validate(await figures_now(uow))
