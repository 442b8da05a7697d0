"""What time does: the silence scan of every hour, the contracts' scan of every day (AL-28, AL-06).

A scan finds and changes nothing; its caller marks what was found, so that a fold can be undone.
"""

from typing import Any

from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import (
    CLOSED,
    CONTRACT_EXPIRY,
    CONTRACTS,
    COUNT_DAYS,
    DAY,
    HAS_BASELINE,
    LOCAL,
    SECOND,
    SILENCE,
    SILENT,
    Rows,
)


@jitted
def is_warm(hot: Any, day: int, warm_up_days: int) -> bool:  # noqa: ANN401 - a row.
    """Whether the row has seen a baseline, or enough days to be its own."""
    if int(hot["state"]) & HAS_BASELINE:
        return True
    return int(hot["first_day"]) > 0 and day - int(hot["first_day"]) >= warm_up_days


@jitted
def silence_limit(hot: Any, rules: Any) -> int:  # noqa: ANN401 - rows.
    """How long this customer may be silent: the rule's own time, or so many of the usual gaps."""
    gaps = int(hot["gap_seconds"]) * int(rules["silence_gaps"])
    return max(int(rules["silence_seconds_min"]), gaps) * SECOND


@jitted
def records_before_silence(hot: Any) -> int:  # noqa: ANN401 - a row.
    """How many records there were in the days up to the last one."""
    count = 0
    for n in range(COUNT_DAYS):
        count += int(hot["records"][n])
    return count


@jitted
def scan_silence(hot: Rows, rows: int, at: int, rules: Any, hits: Rows) -> int:  # noqa: ANN401 - a row.
    """AL-28 at the full hour `at`: how many rows have been silent for too long, since when."""
    version = int(rules["version"][SILENCE])
    if version == 0:
        return 0
    day = (at + LOCAL) // DAY
    shortest = int(rules["silence_seconds_min"]) * SECOND
    found = 0
    for slot in range(rows):
        row = hot[slot]
        last = int(row["last_seen"])
        if last == 0 or at - last < shortest or int(row["state"]) & (SILENT | CLOSED):
            continue
        limit = silence_limit(row, rules)
        if at - last < limit or not is_warm(row, day, int(rules["warm_up_days"])):
            continue
        if records_before_silence(row) < int(rules["silence_records_min"]):
            continue
        fired = int(row["silence_at"])
        hit = hits[found]
        hit["customer"] = row["customer"]
        hit["slot"] = slot
        hit["rule"] = SILENCE
        hit["version"] = version
        hit["record"] = -1
        hit["at"] = at
        hit["value"] = (at - last) // SECOND
        hit["baseline"] = row["gap_seconds"]
        hit["threshold"] = limit // SECOND
        hit["window_from"] = last
        hit["window_to"] = at
        suppressed = fired > 0 and at - fired < int(rules["cool_down"][SILENCE])
        hit["suppressed"] = 1 if suppressed else 0
        found += 1
    return found


@jitted
def expires_soon(cold: Any, place: int, day: int, rules: Any) -> bool:  # noqa: ANN401 - rows.
    """AL-06 for one of a customer's contracts: it ends soon, and nobody was told."""
    if int(rules["version"][CONTRACT_EXPIRY]) == 0 or int(cold["contracts"][place]) == 0:
        return False
    left = int(cold["contract_ends"][place]) - day
    return int(cold["contract_told"][place]) == 0 and 0 <= left <= int(rules["expiry_days"])


@jitted
def scan_expiry(hot: Rows, cold: Rows, rows: int, at: int, rules: Any, hits: Rows) -> int:  # noqa: ANN401 - a row.
    """AL-06 at the day's roll: how many contracts came within reach of their end."""
    day = (at + LOCAL) // DAY
    found = 0
    for slot in range(rows):
        if int(hot[slot]["state"]) & CLOSED:
            continue
        for place in range(CONTRACTS):
            if expires_soon(cold[slot], place, day, rules):
                left = int(cold[slot]["contract_ends"][place]) - day
                hit = hits[found]
                hit["customer"] = hot[slot]["customer"]
                hit["slot"] = slot
                hit["rule"] = CONTRACT_EXPIRY
                hit["version"] = rules["version"][CONTRACT_EXPIRY]
                hit["record"] = -1
                hit["at"] = at
                hit["value"] = left
                hit["baseline"] = place
                hit["threshold"] = rules["expiry_days"]
                hit["window_from"] = at
                hit["window_to"] = (int(cold[slot]["contract_ends"][place])) * DAY - LOCAL
                hit["suppressed"] = 0
                found += 1
    return found
