"""A manager wants to call a customer: through the gate, as everybody (contracts §5)."""

from dataclasses import dataclass
from datetime import datetime

from services.callcenter.domain.priority import MANUAL, with_tier
from services.callcenter.domain.task import MANUAL_AHEAD_MAX, MANUAL_VALID
from services.callcenter.handlers.answer_proposal import answer_new
from services.callcenter.store import customers
from services.callcenter.store.proposals import Proposed
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.errors import Malformed
from shared.events.event import effect_id


@dataclass(frozen=True)
class Wish:
    """Whom to call, and why."""

    customer_id: int
    reason: str
    not_before: datetime | None = None


async def open_manual_task(wish: Wish, cause: Cause, uow: UnitOfWork) -> Proposed:
    """Propose it; the answer, granted or declined, is kept either way.

    Raises:
        Malformed: it shall begin later than anybody plans calls.
        NotFound: the caller may see no such customer.
    """
    if wish.not_before is not None and wish.not_before > cause.at + MANUAL_AHEAD_MAX:
        raise Malformed(f"`not_before` is at most {MANUAL_AHEAD_MAX.days} days ahead")
    customer = await customers.visible(uow.connection, wish.customer_id)
    begins = max(wish.not_before or cause.at, cause.at)
    proposed = Proposed(
        customer_id=wish.customer_id,
        proposal_id=str(effect_id(cause.id, "callcenter.proposal")),
        attempt=1,
        source="callcenter",
        cause_id=cause.id,
        cause_type=cause.type,
        county=customer.county,
        reason=wish.reason,
        about=f"customer/{wish.customer_id}",
        priority=with_tier(MANUAL, customer.tier),
        tier=customer.tier,
        not_before=wish.not_before,
        valid_until=begins + MANUAL_VALID,
        proposed_at=cause.at,
    )
    return await answer_new(proposed, uow)
