"""Reminders before points clear (PT-17): whom a call is worth, on which day, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.points.domain.programme import Programme, day_begins
from shared.events.customers import CustomerStatus, Tier

ATTEMPTS_MAX = 2  # contracts §5: a declined proposal is made once more, never a third time

PRIORITY = 20  # of a clearing reminder; then what the tier adds (contracts §5)
TIER_PRIORITY: Mapping[Tier, int] = {
    Tier.DIAMOND: 8,
    Tier.GOLD: 8,
    Tier.SILVER: 5,
    Tier.GUEST: 2,
    Tier.NONE: 0,
}


class State(StrEnum):
    """Where a reminder stands; only the first three go on."""

    PLANNED = "planned"  # has a day
    PROPOSED = "proposed"  # callcenter has not answered
    WAITING = "waiting"  # declined for now, will be proposed once more
    GRANTED = "granted"  # a manager has the task
    REACHED = "reached"
    REPLACED = "replaced"  # a stronger proposal took the contact
    DECLINED = "declined"
    NO_CHANNEL = "no_channel"  # not worth a call, and there is no message port yet
    NO_CAPACITY = "no_capacity"  # every day up to the next offset was full
    NOTHING_LEFT = "nothing_left"
    LAPSED = "lapsed"  # the next offset came first


@dataclass(frozen=True)
class Window:
    """The days on which a customer is reminded of one offset: up to the next one's."""

    days: int
    opens: date
    closes: date


@dataclass(frozen=True)
class Member:
    """What BOSS/CRM says of whom a lot belongs to."""

    county: str
    tier: Tier
    status: CustomerStatus


@dataclass(frozen=True)
class ClearingLot:
    """One points year of a customer, on the day on which a reminder of it is considered.

    `told` is what was told to be at risk at the offset before; None when nothing was.
    """

    customer_id: int
    programme: str
    cohort: int
    clears_on: date
    available: int
    told: int | None = None


@dataclass(frozen=True)
class Considered:
    """What becomes of a lot at an offset; `worth_a_call` needs a day that has a place."""

    window: Window
    worth_a_call: bool
    otherwise: State
    changed: bool  # what is at risk is not what was told before


@dataclass(frozen=True)
class Propose:
    priority: int
    attempt: int


def offsets(programme: Programme, clears_on: date) -> list[Window]:
    """Every offset's window, the earliest first; the last one ends as the points clear."""
    days = sorted(programme.reminder_days, reverse=True)
    opens = [clears_on - timedelta(days=n) for n in days]
    return [
        Window(n, begin, end)
        for n, begin, end in zip(days, opens, [*opens[1:], clears_on], strict=True)
    ]


def window_on(programme: Programme, clears_on: date, day: date) -> Window | None:
    """The window that is open on a day."""
    return next(
        (w for w in offsets(programme, clears_on) if w.opens <= day < w.closes),
        None,
    )


def next_offset_on(programme: Programme, clears_on: date, after: date) -> date | None:
    """The first offset after a day; None when no more reminders of this lot can come."""
    return next((w.opens for w in offsets(programme, clears_on) if w.opens > after), None)


def is_worth_a_call(member: Member, points: int, programme: Programme) -> bool:
    """By the programme's parameters; somebody who has left is not reminded."""
    return (
        member.tier in programme.reminder_tiers
        and member.status is not CustomerStatus.CLOSED
        and points >= programme.reminder_points_min
    )


def decide_reminder(
    lot: ClearingLot, member: Member, programme: Programme, *, today: date
) -> Considered | None:
    """What the offset that is open today means for this lot; None outside of every offset.

    At risk is told where it can move somebody: from the points of a reminder on, and again when
    what was told is no longer true.
    """
    window = window_on(programme, lot.clears_on, today)
    if window is None or (lot.available == 0 and lot.told is None):
        return None
    heavy = max(lot.available, lot.told or 0) >= programme.reminder_points_min
    return Considered(
        window=window,
        worth_a_call=is_worth_a_call(member, lot.available, programme),
        otherwise=State.NO_CHANNEL if lot.available else State.NOTHING_LEFT,
        changed=heavy and lot.available != lot.told,
    )


def choose_day(
    window: Window, taken: Mapping[date, int], *, today: date, per_day_max: int
) -> date | None:
    """The day of the window with the most free places, the earlier of two; None if all are full."""
    first = max(window.opens, today)
    days = (first + timedelta(days=n) for n in range((window.closes - first).days))
    free = min(days, key=lambda day: (taken.get(day, 0), day), default=None)
    return free if free is not None and taken.get(free, 0) < per_day_max else None


def decide_proposal(
    lot: ClearingLot,
    member: Member,
    programme: Programme,
    *,
    attempts: int,
    ends_on: date,
    now: datetime,
) -> Propose | State:
    """Propose, or why not any more: since its day was chosen the points may have been spent."""
    if now >= day_begins(ends_on):
        return State.LAPSED
    if lot.available == 0:
        return State.NOTHING_LEFT
    if not is_worth_a_call(member, lot.available, programme):
        return State.NO_CHANNEL
    return Propose(PRIORITY + TIER_PRIORITY[member.tier], attempts + 1)


def propose_again_at(again_at: datetime | None, *, attempts: int, ends_on: date) -> datetime | None:
    """When a declined reminder is proposed once more; None when that was its last word."""
    if again_at is None or attempts >= ATTEMPTS_MAX or again_at >= day_begins(ends_on):
        return None
    return again_at
