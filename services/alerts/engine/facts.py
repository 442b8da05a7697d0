"""What single facts do to a row: baselines, profiles, bills, deactivation requests.

They come in hundreds where usage comes in millions, so this is plain Python on the same rows. Each
function answers the hit that it met, if any (AL-01, AL-04, AL-06).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.alerts.engine.bounds import refuse_unholdable
from services.alerts.engine.hits import UNITS, Hit
from services.alerts.engine.kernel import roll_rings
from services.alerts.engine.layout import (
    BILL_PLUNGE,
    CLOSED,
    CODES,
    CONTRACT_EXPIRY,
    CONTRACTS,
    COUNT_DAYS,
    DAY,
    DEACTIVATION,
    HAS_BASELINE,
    LOCAL,
    MONTHS,
    SILENT,
)
from services.alerts.engine.scans import expires_soon, is_warm, silence_limit
from shared.events.billing import BillIssued
from shared.events.customers import (
    Contract,
    CustomerProfile,
    CustomerStatus,
    PortabilityState,
    Tier,
)
from shared.events.event import CustomerEvent
from shared.events.touchpoints import DeactivationRequested
from shared.events.usage import UsageBaseline

TIERS = (Tier.NONE, Tier.GUEST, Tier.SILVER, Tier.GOLD, Tier.DIAMOND)
PLUNGE_MONTHS = 3  # before a bill, whose mean it is held against
MONTHS_AHEAD = 1  # a bill may be made in the month before its own; what is later is a mistake
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
_LEAVING = frozenset({PortabilityState.APPLIED, PortabilityState.PORTED_OUT})


@dataclass(frozen=True)
class Row:
    """One customer's hot and cold row, under the rules in force."""

    hot: Any
    cold: Any
    rules: Any


def microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def day_of(at: int) -> int:
    return (at + LOCAL) // DAY


def apply_baseline(row: Row, baseline: UsageBaseline) -> None:
    """A year of bills and four weeks of use; whatever is known from live records stays."""
    refuse_unholdable(baseline)
    hot, at, last = row.hot, microseconds(baseline.at), microseconds(baseline.last_seen)
    hot["state"] |= HAS_BASELINE
    hot["gap_seconds"] = baseline.mean_gap_seconds
    if hot["last_seen"] == 0:
        _fill_counts(hot, day_of(at), day_of(last), baseline)
    hot["last_seen"] = max(int(hot["last_seen"]), last)
    # Who was silent before we looked has no edge that we have seen.
    if at - int(hot["last_seen"]) >= silence_limit(hot, row.rules) > 0:
        hot["state"] |= SILENT
    _fill_bills(row.cold, at, baseline.bills_fen)
    row.cold["county"] = int(baseline.county)


def _fill_counts(hot: Any, today: int, last_day: int, baseline: UsageBaseline) -> None:  # noqa: ANN401 - a row.
    """Records of the days before, by the mean gap: a baseline brings seconds, not counts."""
    a_day = min(255, max(1, 86_400 // baseline.mean_gap_seconds))
    roll_rings(hot, last_day)
    for ago, seconds in enumerate(reversed(baseline.daily_seconds), start=1):
        day = today - ago
        if seconds > 0 and last_day - COUNT_DAYS < day <= last_day:
            hot["records"][day % COUNT_DAYS] = a_day


def _fill_bills(cold: Any, at: int, bills_fen: Sequence[int]) -> None:  # noqa: ANN401 - a row.
    newest = _month_of(moment(at + LOCAL).date()) - 1
    if cold["bill_count"] and cold["bill_month"] > newest:
        return
    for ago, fen in enumerate(reversed(bills_fen)):
        cold["bills"][(newest - ago) % MONTHS] = fen
    cold["bill_month"], cold["bill_count"] = newest, MONTHS


def apply_bill(row: Row, bill: BillIssued) -> Hit | None:
    """AL-01: the bill lies so far under the mean of the three months before."""
    cold, year, month = row.cold, int(bill.month[:4]), int(bill.month[5:])
    number, newest = year * 12 + month - 1, int(cold["bill_month"])
    known = int(cold["bill_count"])
    if number > _month_of(moment(microseconds(bill.at) + LOCAL).date()) + MONTHS_AHEAD:
        return None  # kept, it would make every true bill that follows an old one
    if known and number <= newest:
        if newest - number < known:
            cold["bills"][number % MONTHS] = bill.amount_fen
        return None
    follows = known > 0 and number == newest + 1
    before = [int(cold["bills"][(number - n) % MONTHS]) for n in range(1, PLUNGE_MONTHS + 1)]
    cold["bills"][number % MONTHS] = bill.amount_fen
    cold["bill_month"] = number
    cold["bill_count"] = min(known + 1, MONTHS) if follows else 1
    if not follows or known < PLUNGE_MONTHS:
        return None
    return _plunge(row, bill, sum(before))


def _plunge(row: Row, bill: BillIssued, sum_before: int) -> Hit | None:
    rules, at = row.rules, microseconds(bill.at)
    percent = 100 - int(rules["plunge_percent"])
    deep = bill.amount_fen * PLUNGE_MONTHS * 100 <= sum_before * percent
    large = sum_before >= int(rules["plunge_mean_fen_min"]) * PLUNGE_MONTHS
    warm = is_warm(row.hot, day_of(at), int(rules["warm_up_days"]))
    if not (rules["version"][BILL_PLUNGE] and deep and large and warm):
        return None
    first = _first_day(int(bill.month[:4]) * 12 + int(bill.month[5:]) - 1 - PLUNGE_MONTHS)
    return _hit(
        row,
        bill,
        BILL_PLUNGE,
        at=at,
        value=bill.amount_fen,
        baseline=sum_before // PLUNGE_MONTHS,
        threshold=sum_before * percent // (PLUNGE_MONTHS * 100),
        window=(first, at),
    )


def apply_deactivation(row: Row, request: DeactivationRequested) -> Hit | None:
    """AL-04: somebody stands at a counter and wants to leave."""
    if not row.rules["version"][DEACTIVATION]:
        return None
    at = microseconds(request.at)
    return _hit(row, request, DEACTIVATION, at=at, value=1, threshold=1, window=(at, at))


def apply_profile(row: Row, profile: CustomerProfile, watermark: int) -> Hit | None:
    """County, tier, contracts; AL-06 at once where a contract ends soon."""
    refuse_unholdable(profile)
    hot, cold = row.hot, row.cold
    if profile.sequence <= int(cold["profile_sequence"]):
        return None
    cold["profile_sequence"] = profile.sequence
    cold["county"] = int(profile.county)
    cold["tier"] = TIERS.index(profile.tier)
    leaves = profile.status is not CustomerStatus.ACTIVE or profile.portability in _LEAVING
    hot["state"] = (int(hot["state"]) & ~CLOSED & 255) | (CLOSED if leaves else 0)
    # A compacted topic tells old profiles: what ends soon is asked of today.
    at = max(microseconds(profile.at), watermark)
    _keep_contracts(cold, profile.contracts, day_of(at))
    if leaves:
        return None
    for place in range(CONTRACTS):
        if expires_soon(cold, place, day_of(at), row.rules):
            cold["contract_told"][place] = 1
            return _expiry(row, profile, place, at)
    return None


def _keep_contracts(cold: Any, contracts: Sequence[Contract], today: int) -> None:  # noqa: ANN401 - a row.
    told = {int(c) for c, t in zip(cold["contracts"], cold["contract_told"], strict=True) if t}
    ends = sorted((_day_number(contract.ends_on), contract.contract_id) for contract in contracts)
    coming = [(end, _hash(name)) for end, name in ends if end >= today][:CONTRACTS]
    for field in ("contracts", "contract_ends", "contract_told"):
        cold[field][:] = 0
    for place, (end, number) in enumerate(coming):
        cold["contracts"][place] = number
        cold["contract_ends"][place] = end
        cold["contract_told"][place] = number in told


def _expiry(row: Row, profile: CustomerProfile, place: int, at: int) -> Hit | None:
    end = int(row.cold["contract_ends"][place])
    return _hit(
        row,
        profile,
        CONTRACT_EXPIRY,
        at=at,
        value=end - day_of(at),
        threshold=int(row.rules["expiry_days"]),
        window=(at, end * DAY - LOCAL),
    )


_FIRED = {BILL_PLUNGE: "plunge_at", DEACTIVATION: "deactivation_at"}


def _hit(
    row: Row,
    fact: CustomerEvent,
    rule: int,
    *,
    at: int,
    value: int,
    threshold: int,
    window: tuple[int, int],
    baseline: int | None = None,
) -> Hit:
    """The hit of a fact, suppressed while the rule's cool-down runs."""
    suppressed = False
    if (field := _FIRED.get(rule)) is not None:
        fired = int(row.cold[field])
        suppressed = fired > 0 and at - fired < int(row.rules["cool_down"][rule])
        row.cold[field] = fired if suppressed else at
    return Hit(
        customer_id=fact.customer_id,
        county=int(row.cold["county"]) or int(fact.county),
        tier=int(row.cold["tier"]),
        rule=CODES[rule],
        version=int(row.rules["version"][rule]),
        at=at,
        value=value,
        baseline=baseline,
        threshold=threshold,
        window_from=window[0],
        window_to=window[1],
        unit=UNITS[rule],
        suppressed=suppressed,
        cause_id=str(fact.event_id),
        cause_type=fact.event_type,
        facts=(fact.model_dump_json(),),
    )


def _month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> int:
    """Midnight in China of the first day of a month number."""
    first = date(month // 12, month % 12 + 1, 1)
    return _day_number(first) * DAY - LOCAL


def _day_number(day: date) -> int:
    return (day - _EPOCH_DAY).days


def _hash(name: str) -> int:
    """63 bits of an identifier, never nought."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 1 | 1
