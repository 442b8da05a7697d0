"""A flat JSON object on its bytes into a row of the kernel's input, without a Python object.

What it takes, `columns.decode_fields` takes with the same values (a property test holds the two
together); what is unusual, as an escape, a float or a field that it does not know, it refuses.
"""

from typing import Any

from services.alerts.engine.columns import UsageFields
from services.alerts.engine.jit import jitted
from services.alerts.engine.layout import DIRECTIONS, KINDS, Numbers
from services.alerts.engine.text import (
    COUNTY_DIGITS,
    FEN_END,
    KILOBYTES_END,
    NO_MOMENT,
    RECORD_ID_MAX,
    SECONDS_MAX,
    customer_in,
    is_hash,
    moment_in,
    number_in,
    word_at,
    words,
)

_SPACE, _TAB, _FEED, _RETURN = 32, 9, 10, 13
_QUOTE, _ESCAPE, _COMMA, _COLON = ord('"'), ord("\\"), ord(","), ord(":")
_OPEN, _CLOSE = ord("{"), ord("}")
_ZERO, _NINE = ord("0"), ord("9")
_LAST_PLAIN = 126  # letters beyond are others than bytes


_NAMES = tuple(UsageFields.__struct_fields__)
_FIELDS, _FIELD_LENGTHS = words(*_NAMES)
(
    _CUSTOMER,
    _COUNTY,
    _AT,
    _RECORD_ID,
    _KIND,
    _DIRECTION,
    _SECONDS,
    _KILOBYTES,
    _FEN,
    _PEER,
    _FORWARDED_TO,
    _AT_HOME,
) = range(len(_NAMES))
_NEEDED = (1 << _SECONDS) - 1  # the fields before it have no default
_KINDS, _KIND_LENGTHS = words(*KINDS)
_DIRECTIONS, _DIRECTION_LENGTHS = words(*DIRECTIONS)
_LITERALS, _LITERAL_LENGTHS = words("null", "true", "false")


@jitted
def _past_space(data: Numbers, at: int, end: int) -> int:
    while at < end:
        letter = int(data[at])
        if letter not in (_SPACE, _TAB, _FEED, _RETURN):
            break
        at += 1
    return at


@jitted
def _end_of_text(data: Numbers, at: int, end: int) -> int:
    """Where the quote is that closes a text of plain letters; -1 if there is another one."""
    while at < end:
        letter = int(data[at])
        if letter == _QUOTE:
            return at
        if letter == _ESCAPE or letter < _SPACE or letter > _LAST_PLAIN:
            return -1
        at += 1
    return -1


@jitted
def _take_text(data: Numbers, begin: int, end: int, field: int, row: Any) -> bool:  # noqa: ANN401 - a row.
    good = False
    if field == _CUSTOMER:
        row["customer"] = customer_in(data, begin, end)
        good = int(row["customer"]) > 0
    elif field == _COUNTY:
        row["county"] = number_in(data, begin, end)
        good = end - begin == COUNTY_DIGITS and int(row["county"]) >= 0
    elif field == _AT:
        row["at"] = moment_in(data, begin, end)
        good = int(row["at"]) != NO_MOMENT
    elif field == _RECORD_ID:
        good = 1 <= end - begin <= RECORD_ID_MAX
    elif field == _KIND:
        row["kind"] = word_at(data, begin, end, _KINDS, _KIND_LENGTHS, 0)
        good = int(row["kind"]) >= 0
    elif field == _DIRECTION:
        row["direction"] = word_at(data, begin, end, _DIRECTIONS, _DIRECTION_LENGTHS, 0)
        good = int(row["direction"]) >= 0
    elif field in (_PEER, _FORWARDED_TO):
        good = is_hash(data, begin, end)
    return good


@jitted
def _take_number(data: Numbers, begin: int, end: int, field: int, row: Any) -> bool:  # noqa: ANN401 - a row.
    value = number_in(data, begin, end)
    if value < 0 or (end - begin > 1 and int(data[begin]) == _ZERO):
        return False
    if field == _SECONDS:
        row["seconds"] = value
        return value <= SECONDS_MAX
    if field == _KILOBYTES:
        row["kilobytes"] = value
        return value < KILOBYTES_END
    row["fen"] = value
    return field == _FEN and value < FEN_END


@jitted
def _take_literal(data: Numbers, begin: int, end: int, field: int) -> bool:
    word = word_at(data, begin, end, _LITERALS, _LITERAL_LENGTHS, 0)
    if field == _AT_HOME:
        return word > 0
    return word == 0 and field in (_PEER, _FORWARDED_TO)


@jitted
def _take_value(data: Numbers, at: int, end: int, field: int, row: Any) -> int:  # noqa: ANN401 - a row.
    """Where the value ends that begins here; -1 if it is not what this field should hold."""
    if at >= end:
        return -1
    if int(data[at]) == _QUOTE:
        close = _end_of_text(data, at + 1, end)
        if close < 0 or not _take_text(data, at + 1, close, field, row):
            return -1
        return close + 1
    close = at
    while close < end and int(data[close]) not in (_COMMA, _CLOSE, _SPACE, _TAB, _FEED, _RETURN):
        close += 1
    if _ZERO <= int(data[at]) <= _NINE:
        good = _take_number(data, at, close, field, row)
    else:
        good = _take_literal(data, at, close, field)
    return close if good else -1


@jitted
def _name_at(data: Numbers, at: int, end: int, guess: int) -> tuple[int, int]:
    """The field named here, and where its value begins; -1 if there is none that we know."""
    if at >= end or int(data[at]) != _QUOTE:
        return -1, at
    close = _end_of_text(data, at + 1, end)
    if close < 0:
        return -1, at
    field = word_at(data, at + 1, close, _FIELDS, _FIELD_LENGTHS, guess)
    at = _past_space(data, close + 1, end)
    if at >= end or int(data[at]) != _COLON:
        return -1, at
    return field, _past_space(data, at + 1, end)


@jitted
def scan_fields(data: Numbers, begin: int, end: int, row: Any) -> bool:  # noqa: ANN401 - a row.
    """A usage record's fields into `row`, which must be empty; False if anything is unusual."""
    at = _past_space(data, begin, end)
    if at >= end or int(data[at]) != _OPEN:
        return False
    seen, guess = 0, 0
    letter = _COMMA
    while letter == _COMMA:
        field, at = _name_at(data, _past_space(data, at + 1, end), end, guess)
        if field < 0 or (seen >> field) & 1:
            return False
        seen |= 1 << field
        guess = field + 1
        at = _take_value(data, at, end, field, row)
        if at < 0:
            return False
        at = _past_space(data, at, end)
        letter = int(data[at]) if at < end else 0
    return letter == _CLOSE and _past_space(data, at + 1, end) == end and seen & _NEEDED == _NEEDED
