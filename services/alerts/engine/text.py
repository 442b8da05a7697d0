"""What stands in a record's bytes as numbers; what is written unusually is refused, not guessed.

Compiled where numba is installed. A refusal costs nothing but time: the record then goes the long
way, where the models of shared/events decide.
"""

import numpy as np

from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import DAY, HOUR, SECOND, Numbers

SECONDS_MAX = 604_800
KILOBYTES_END = 2**40
FEN_END = 10**12
RECORD_ID_MAX = 64
COUNTY_DIGITS = 6

REFUSED = -1  # of what is never below nought
NO_MOMENT = -(2**62)
DIGITS_MAX = 18  # of any number of so many digits fits into 64 bits
CUSTOMER_DIGITS = 19
CUSTOMER_TENTH = (2**63 - 1) // 10
ID_LENGTH = 36
FRACTION_DIGITS = 6
YEARS = (1970, 9999)  # what begins before is unusual enough

_ZERO, _NINE = ord("0"), ord("9")
_LOWER_A, _UPPER_A, _HEX_LETTERS = ord("a"), ord("A"), 6
_DASH, _COLON, _DOT, _PLUS = ord("-"), ord(":"), ord("."), ord("+")
_T, _Z = ord("T"), ord("Z")
_MINUTE = 60 * SECOND


def words(*texts: str) -> tuple[Numbers, Numbers]:
    """Texts as rows of bytes, and their lengths: what compiled code can compare with."""
    longest = max(map(len, texts))
    rows: Numbers = np.zeros((len(texts), longest), np.uint8)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = np.frombuffer(text.encode(), np.uint8)
    return rows, np.array([len(text) for text in texts], np.int64)


@jitted
def word_at(
    data: Numbers, begin: int, end: int, known: Numbers, lengths: Numbers, guess: int
) -> int:
    """Which of the known words stands here, tried from `guess` on; -1 if none."""
    count = len(lengths)
    for n in range(count):
        word = (guess + n) % count
        if lengths[word] != end - begin:
            continue
        same = True
        for place in range(end - begin):
            if data[begin + place] != known[word, place]:
                same = False
                break
        if same:
            return word
    return -1


@jitted
def number_in(data: Numbers, begin: int, end: int) -> int:
    """Plain digits, 18 at most."""
    if end <= begin or end - begin > DIGITS_MAX:
        return REFUSED
    value = 0
    for n in range(begin, end):
        digit = int(data[n]) - _ZERO
        if digit < 0 or digit > 9:  # noqa: PLR2004 - a digit.
            return REFUSED
        value = value * 10 + digit
    return value


@jitted
def sequence_in(data: Numbers, begin: int, end: int) -> int:
    """As many digits as an envelope has, most of them noughts."""
    first = begin
    while first < end - 1 and int(data[first]) == _ZERO:
        first += 1
    return number_in(data, first, end)


@jitted
def customer_in(data: Numbers, begin: int, end: int) -> int:
    """A customer's number as it is written: no nought before it, below 2**63."""
    if end <= begin or int(data[begin]) == _ZERO:
        return REFUSED
    if end - begin < CUSTOMER_DIGITS:
        return number_in(data, begin, end)
    if end - begin > CUSTOMER_DIGITS:
        return REFUSED
    head = number_in(data, begin, end - 1)
    last = number_in(data, end - 1, end)
    if head < 0 or last < 0 or head > CUSTOMER_TENTH or (head == CUSTOMER_TENTH and last > 7):  # noqa: PLR2004 - 2**63 - 1 ends with it.
        return REFUSED
    return head * 10 + last


@jitted
def half_of_id(data: Numbers, begin: int, end: int) -> int:
    """Sixteen hexadecimal digits as 64 bits, dashes skipped; the caller knows where they stand."""
    value = 0
    for n in range(begin, end):
        letter = int(data[n])
        if letter == _DASH:
            continue
        digit = letter - _ZERO
        if digit > 9:  # noqa: PLR2004 - a digit.
            digit = (letter | 32) - _LOWER_A + 10
        value = (value << 4) | digit
    return value


@jitted
def is_id(data: Numbers, begin: int, end: int) -> bool:
    """Whether an identifier is written as eight, four, four, four and twelve digits."""
    if end - begin != ID_LENGTH:
        return False
    for n in range(ID_LENGTH):
        letter = int(data[begin + n])
        if n in (8, 13, 18, 23):
            if letter != _DASH:
                return False
        elif not is_hex(letter):
            return False
    return True


@jitted
def is_hex(letter: int) -> bool:
    if _ZERO <= letter <= _NINE:
        return True
    return _LOWER_A <= (letter | 32) < _LOWER_A + _HEX_LETTERS


@jitted
def is_hash(data: Numbers, begin: int, end: int) -> bool:
    """64 hexadecimal digits, none of them a capital."""
    if end - begin != 64:  # noqa: PLR2004 - 32 bytes.
        return False
    for n in range(begin, end):
        letter = int(data[n])
        if not is_hex(letter) or _UPPER_A <= letter < _UPPER_A + _HEX_LETTERS:
            return False
    return True


@jitted
def moment_in(data: Numbers, begin: int, end: int) -> int:
    """`2026-02-27T09:00:00.123456Z` or with an offset, as microseconds since 1970."""
    if end - begin < 20 or int(data[begin + 10]) != _T:  # noqa: PLR2004 - the shortest of them.
        return NO_MOMENT
    day, clock = _day_in(data, begin), _clock_in(data, begin + 11)
    at = begin + 19
    fraction = 0
    if int(data[at]) == _DOT:
        first = at + 1
        at = first
        while at < end and _ZERO <= int(data[at]) <= _NINE:
            at += 1
        fraction = _microseconds_in(data, first, at)
    offset = _offset_in(data, at, end)
    if day < 0 or clock < 0 or fraction < 0 or offset == NO_MOMENT:
        return NO_MOMENT
    return day * DAY + clock + fraction - offset


@jitted
def _microseconds_in(data: Numbers, begin: int, end: int) -> int:
    """The digits behind a second's point."""
    if end - begin > FRACTION_DIGITS:
        return REFUSED
    fraction = number_in(data, begin, end)
    for _ in range(FRACTION_DIGITS - (end - begin)):
        fraction *= 10
    return fraction


@jitted
def _day_in(data: Numbers, at: int) -> int:
    """Days since 1970 of `2026-02-27`."""
    year, month = number_in(data, at, at + 4), number_in(data, at + 5, at + 7)
    day = number_in(data, at + 8, at + 10)
    if int(data[at + 4]) != _DASH or int(data[at + 7]) != _DASH:
        return REFUSED
    if year < YEARS[0] or year > YEARS[1] or month < 1 or month > 12 or day < 1:  # noqa: PLR2004 - months.
        return REFUSED
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    february = 29 if leap else 28
    longest = february if month == 2 else 30 + (month + month // 8) % 2  # noqa: PLR2004 - February.
    if day > longest:
        return REFUSED
    # Years begin in March here, so that the day that is sometimes missing is the last.
    shifted = year if month > 2 else year - 1  # noqa: PLR2004 - February.
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719_468


@jitted
def _clock_in(data: Numbers, at: int) -> int:
    """Microseconds since midnight of `09:00:00`."""
    hour, minute = number_in(data, at, at + 2), number_in(data, at + 3, at + 5)
    second = number_in(data, at + 6, at + 8)
    if int(data[at + 2]) != _COLON or int(data[at + 5]) != _COLON:
        return REFUSED
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:  # noqa: PLR2004 - a day.
        return REFUSED
    return hour * HOUR + minute * _MINUTE + second * SECOND


@jitted
def _offset_in(data: Numbers, at: int, end: int) -> int:
    """Microseconds of `Z`, `+08:00` or `-03:30`, which must be all that is left."""
    if end - at == 1 and int(data[at]) == _Z:
        return 0
    if end - at != 6 or int(data[at + 3]) != _COLON:  # noqa: PLR2004 - its length.
        return NO_MOMENT
    hours, minutes = number_in(data, at + 1, at + 3), number_in(data, at + 4, at + 6)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:  # noqa: PLR2004 - a day.
        return NO_MOMENT
    size = hours * HOUR + minutes * _MINUTE
    if int(data[at]) == _PLUS:
        return size
    return -size if int(data[at]) == _DASH else NO_MOMENT
