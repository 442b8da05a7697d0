"""Every rule on every record: what a record does to its customer's rows (architecture §6).

Plain Python on structured arrays, integers alone; compiled where numba is installed. A rule's edge
and its cool-down are in the row, so that the answer never depends on how the log was batched.
"""

from typing import Any

from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import (
    CALL_FORWARDING,
    COUNT_DAYS,
    DAY,
    FORWARDED,
    FORWARDING,
    HOUR,
    LOCAL,
    OUT,
    SECOND,
    SHARE_DAYS,
    SILENT,
    TRAIL,
    VOICE,
    Numbers,
    Rows,
)

COUNT_MAX = 255  # of a day's records, as its byte holds
SECONDS_MAX = 2_000_000_000  # of a day's calls, as their four bytes hold
GAP_WEIGHT = 16  # a new gap moves the mean by a sixteenth
GAP_MAX = 400 * 86_400  # seconds; records are never older


@jitted
def roll_rings(hot: Any, day: int) -> None:  # noqa: ANN401 - a row.
    """Empty the days between the newest one known and `day`."""
    known = int(hot["day"])
    if day <= known:
        return
    for n in range(max(known + 1, day - COUNT_DAYS + 1), day + 1):
        hot["records"][n % COUNT_DAYS] = 0
        hot["terminating"][n % SHARE_DAYS] = 0
        hot["forwarded"][n % SHARE_DAYS] = 0
    hot["day"] = day


@jitted
def see(hot: Any, at: int) -> None:  # noqa: ANN401 - a row.
    """Somebody uses the number: last seen, the mean gap, the end of a silence."""
    last = int(hot["last_seen"])
    if at <= last:
        return
    if last > 0:
        gap = min((at - last) // SECOND, GAP_MAX)
        mean = int(hot["gap_seconds"])
        hot["gap_seconds"] = gap if mean == 0 else mean + (gap - mean) // GAP_WEIGHT
    hot["last_seen"] = at
    hot["state"] = int(hot["state"]) & ~SILENT & 255


@jitted
def copy_trace(kept: Any, record: Any) -> None:  # noqa: ANN401 - rows.
    kept["at"] = record["at"]
    kept["message_high"] = record["message_high"]
    kept["message_low"] = record["message_low"]
    kept["kilobytes"] = record["kilobytes"]
    kept["fen"] = record["fen"]
    kept["seconds"] = record["seconds"]
    kept["row"] = record["row"]
    kept["kind"] = record["kind"]
    kept["direction"] = record["direction"]


@jitted
def keep_record(hot: Any, trail: Any, record: Any) -> None:  # noqa: ANN401 - rows.
    """A copy for evidence, in place of the oldest."""
    place = int(hot["trail"]) % TRAIL
    hot["trail"] = (place + 1) % TRAIL
    copy_trace(trail["records"][place], record)


@jitted
def take_evidence(hit: Any, hot: Any, trail: Any) -> None:  # noqa: ANN401 - rows.
    """The records as they stand at this moment: the next ones may come in the same batch."""
    hit["trail"] = hot["trail"]
    for n in range(TRAIL):
        copy_trace(hit["records"][n], trail["records"][n])


@jitted
def weigh_forwarding(hot: Any, at: int, rules: Any, hit: Any) -> int:  # noqa: ANN401 - rows.
    """AL-02 after a terminating call: 1 if `hit` was filled, the rule's edge."""
    version = int(rules["version"][CALL_FORWARDING])
    if version == 0:
        return 0
    terminating = 0
    forwarded = 0
    for n in range(SHARE_DAYS):
        terminating += int(hot["terminating"][n])
        forwarded += int(hot["forwarded"][n])
    percent = int(rules["forwarded_percent"])
    holds = forwarded * 100 >= percent * terminating and forwarded >= int(
        rules["forwarded_seconds_min"]
    )
    state = int(hot["state"])
    held = (state & FORWARDING) != 0
    if holds == held:
        return 0
    hot["state"] = state ^ FORWARDING
    if held:
        return 0
    fired = int(hot["forwarding_at"])
    suppressed = fired > 0 and at - fired < int(rules["cool_down"][CALL_FORWARDING])
    if not suppressed:
        hot["forwarding_at"] = at
    hit["customer"] = hot["customer"]
    hit["rule"] = CALL_FORWARDING
    hit["version"] = version
    hit["at"] = at
    hit["value"] = forwarded
    hit["baseline"] = terminating
    hit["threshold"] = percent
    hit["window_from"] = (int(hot["day"]) - SHARE_DAYS + 1) * DAY - LOCAL
    hit["window_to"] = at
    hit["suppressed"] = 1 if suppressed else 0
    return 1


@jitted
def fold_record(hot: Any, record: Any, rules: Any, hit: Any) -> int:  # noqa: ANN401 - rows.
    """One record into its hot row; 1 if a rule met its edge and `hit` was filled."""
    at = int(record["at"])
    day = (at + LOCAL) // DAY
    roll_rings(hot, day)
    age = int(hot["day"]) - day
    if age < COUNT_DAYS:
        count = int(hot["records"][day % COUNT_DAYS])
        hot["records"][day % COUNT_DAYS] = min(count + 1, COUNT_MAX)
    if int(hot["first_day"]) == 0:
        hot["first_day"] = day
    see(hot, at)
    direction = int(record["direction"])
    if int(record["kind"]) != VOICE or direction == OUT:
        return 0
    if age < SHARE_DAYS:
        place = day % SHARE_DAYS
        seconds = int(record["seconds"])
        hot["terminating"][place] = min(int(hot["terminating"][place]) + seconds, SECONDS_MAX)
        if direction == FORWARDED:
            hot["forwarded"][place] = min(int(hot["forwarded"][place]) + seconds, SECONDS_MAX)
    return weigh_forwarding(hot, at, rules, hit)


@jitted
def move_watermark(progress: Any, latest: Numbers) -> None:  # noqa: ANN401 - a row.
    """The oldest of what the sources have told, less the lateness they are allowed."""
    oldest = -1
    for n in range(len(latest)):
        told = int(latest[n])
        if told < 0:
            return
        if oldest < 0 or told < oldest:
            oldest = told
    if oldest >= 0:
        moved = oldest - int(progress["lateness"])
        progress["watermark"] = max(int(progress["watermark"]), moved)


@jitted
def fold_records(
    batch: Rows,
    start: int,
    hot: Rows,
    trail: Rows,
    progress: Any,  # noqa: ANN401 - a row.
    latest: Numbers,
    rules: Any,  # noqa: ANN401 - a row.
    hits: Rows,
) -> tuple[int, int]:
    """Fold from `start` on, up to where a scan is due; where it stands, and how many hits."""
    found = 0
    for n in range(start, len(batch)):
        record = batch[n]
        at = int(record["at"])
        watermark = int(progress["watermark"])
        if watermark >= 0 and at < watermark - int(progress["late_max"]):
            progress["late"] = int(progress["late"]) + 1
            continue
        slot = int(record["slot"])
        keep_record(hot[slot], trail[slot], record)
        if fold_record(hot[slot], record, rules, hits[found]) > 0:
            hits[found]["slot"] = slot
            hits[found]["record"] = n
            take_evidence(hits[found], hot[slot], trail[slot])
            found += 1
        source = int(record["source"])
        if source >= 0 and at > int(latest[source]):
            latest[source] = at
            move_watermark(progress, latest)
            if int(progress["watermark"]) // HOUR > int(progress["scanned"]):
                return n + 1, found
    return len(batch), found
