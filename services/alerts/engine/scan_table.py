"""The columns of a message into rows, in a jitted pass each over numbers and texts.

What is beyond a limit or no word of ours makes its row doubtful; the models then judge it.
"""

from collections.abc import Sequence

from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import DIRECTIONS, KINDS, Numbers, Rows
from services.alerts.engine.text import (
    COUNTY_DIGITS,
    FEN_END,
    KILOBYTES_END,
    RECORD_ID_MAX,
    SECONDS_MAX,
    number_in,
    word_at,
    words,
)

_MOMENT_END = 2**62  # microseconds; no time is near it
_KINDS, _KIND_LENGTHS = words(*KINDS)
_DIRECTIONS, _DIRECTION_LENGTHS = words(*DIRECTIONS)


@jitted
def take_numbers(
    rows: Rows,
    doubtful: Numbers,
    customers: Numbers,
    moments: Numbers,
    seconds: Numbers,
    kilobytes: Numbers,
    fen: Numbers,
) -> None:
    for n in range(len(rows)):
        row = rows[n]
        row["customer"] = customers[n]
        row["at"] = moments[n]
        row["seconds"] = seconds[n]
        row["kilobytes"] = kilobytes[n]
        row["fen"] = fen[n]
        timely = -_MOMENT_END <= int(moments[n]) <= _MOMENT_END
        small = 0 <= int(kilobytes[n]) < KILOBYTES_END and 0 <= int(fen[n]) < FEN_END
        short = 0 <= int(seconds[n]) <= SECONDS_MAX
        if int(customers[n]) < 1 or not (timely and small and short):
            doubtful[n] = True


@jitted
def take_texts(
    rows: Rows, doubtful: Numbers, ends: Sequence[Numbers], letters: Sequence[Numbers]
) -> None:
    """Of county, kind, direction and identifier, where each ends, and the bytes of all.

    An identifier has 1 to 64 characters; as bytes it may be longer, which is for others.
    """
    counties, kinds, directions = letters[0], letters[1], letters[2]
    for n in range(len(rows)):
        row = rows[n]
        begin, end = int(ends[0][n]), int(ends[0][n + 1])
        county = number_in(counties, begin, end) if end - begin == COUNTY_DIGITS else -1
        begin, end = int(ends[1][n]), int(ends[1][n + 1])
        kind = word_at(kinds, begin, end, _KINDS, _KIND_LENGTHS, 0)
        begin, end = int(ends[2][n]), int(ends[2][n + 1])
        direction = word_at(directions, begin, end, _DIRECTIONS, _DIRECTION_LENGTHS, 0)
        row["county"] = max(county, 0)
        row["kind"] = max(kind, 0)
        row["direction"] = max(direction, 0)
        length = int(ends[3][n + 1]) - int(ends[3][n])
        named = 1 <= length <= RECORD_ID_MAX
        if not named or county < 0 or kind < 0 or direction < 0:
            doubtful[n] = True
