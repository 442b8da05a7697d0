"""What callcenter's operations take and show of tasks, calls and answers of the gate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.callcenter.api.routes import BusinessTime
from services.callcenter.domain.outcome import Disposition, Result, fits
from services.callcenter.domain.task import Kind, Queue, State
from services.callcenter.handlers.record_call import Outcome
from shared.events.callcenter import OrderType
from shared.events.customers import Tier
from shared.events.event import CustomerId
from shared.web.bodies import RequestBody

Code = Annotated[str, Field(pattern="^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$")]
Note = Annotated[str, Field(min_length=1, max_length=2_000)]


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TaskShown(Shown):
    """A task; `state` and `holder` as of this moment."""

    task_id: UUID
    customer_id: CustomerId
    county: str
    kind: Kind
    state: State
    because: str | None = Field(description="Why it ended without a result")
    reason: str = Field(description="Why the customer is to be called")
    about: str = Field(description="What it is about: an episode, an order, a request")
    priority: int
    tier: Tier
    queue: Queue = Field(description="0 at a counter, 1 promised call-back, 2 others")
    owner: str | None = Field(description="The manager who is asked first")
    holder: str | None = Field(description="The manager who has it")
    held_until: AwareDatetime | None = Field(description="Machine time")
    not_before: AwareDatetime
    valid_until: AwareDatetime
    call_back_at: AwareDatetime | None
    attempts: int = Field(description="Calls that nobody answered")
    grant_id: UUID | None
    request_id: str | None
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    version: int


class TurnShown(Shown):
    """Who was asked for a task; in machine time."""

    manager: str
    reserved_at: AwareDatetime
    accepted_at: AwareDatetime | None


class TaskWithTurns(TaskShown):
    turns: Sequence[TurnShown]


class RecordedShown(BaseModel):
    """What a call left behind, and the task as it stands now."""

    task: TaskShown
    contact_id: UUID
    agreement_id: UUID | None


class ProposalShown(Shown):
    """A proposal and the gate's answer."""

    customer_id: CustomerId
    proposal_id: str
    attempt: int
    source: str
    reason: str
    about: str
    priority: int
    not_before: AwareDatetime | None
    valid_until: AwareDatetime
    proposed_at: AwareDatetime
    state: Literal["waiting", "granted", "declined"]
    because: str | None = Field(description="Why it was declined")
    again_at: AwareDatetime | None = Field(description="From when it may be proposed once more")
    grant_id: UUID | None


class AgreementShown(Shown):
    agreement_id: UUID
    customer_id: CustomerId
    task_id: UUID
    order_type: str
    offer: str
    manager: str
    agreed_at: AwareDatetime
    withdrawn_at: AwareDatetime | None
    version: int


class _CallReported(RequestBody):
    """What came of a call; an agreement says to what."""

    disposition: Annotated[
        Literal[1, 2, 3, 4, 5, 6, 7],
        Field(
            description="1 holds an exclusive product, 2 no answer, 3 questionnaire complete, "
            "4 network unreachable, 5 not connected, 6 stop calling, 7 other (CC-11)"
        ),
    ]
    order_type: OrderType | None = None
    offer: Code | None = None
    note: Note | None = None

    def _check(self, result: Result | None) -> None:
        if not fits(Disposition(self.disposition), result):
            raise ValueError(f"disposition {self.disposition} does not go with {result}")
        agreed = result is Result.AGREED
        if (self.order_type is not None) is not agreed or (self.offer is not None) is not agreed:
            raise ValueError("order_type and offer come with the result agreed, and only with it")

    def _outcome(self, result: Result | None, call_back_at: datetime | None) -> Outcome:
        return Outcome(
            disposition=Disposition(self.disposition),
            result=result,
            order_type=self.order_type,
            offer=self.offer,
            call_back_at=call_back_at,
            note=self.note,
        )


class ResultReported(_CallReported):
    """Of a task."""

    result: Result | None = None
    call_back_at: BusinessTime | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "ResultReported":
        self._check(self.result)
        if (self.call_back_at is not None) is not (self.result is Result.CALL_BACK):
            raise ValueError("call_back_at comes with the result call_back, and only with it")
        return self

    def outcome(self) -> Outcome:
        return self._outcome(self.result, self.call_back_at)


class InboundReported(_CallReported):
    """Of a call that the customer made."""

    result: Literal[Result.AGREED, Result.REFUSED] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "InboundReported":
        self._check(self.result)
        if not Disposition(self.disposition).reached:
            raise ValueError("who calls was reached")
        return self

    def outcome(self) -> Outcome:
        return self._outcome(self.result, None)


class TaskWished(RequestBody):
    """Whom a manager wants to call."""

    customer_id: CustomerId
    reason: Code
    not_before: BusinessTime | None = None
