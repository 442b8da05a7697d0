"""A batch of call records as mediation sends it: columns, and what each cell may be.

JSON and Arrow become the same columns, so both are judged by one set of rules. Nothing here quotes
a cell: it may be a telephone number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import ipc, types
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.arrow_size import unpacked_bytes

ROWS_MAX = 10_000
UNPACKED_BYTES_MAX = 4 * 2**20  # as much as may be sent without compression
EARLY_MAX = timedelta(minutes=5)  # as for every record on a log (shared/arrivals.py)
AGE_MAX = timedelta(days=400)

Kind = Literal["voice", "sms", "data"]
Direction = Literal["out", "in", "forwarded"]
PlainNumber = Annotated[str, Field(pattern=r"^[+0-9][-0-9 ()./]{2,31}$")]
RecordId = Annotated[str, Field(pattern="^[!-~]{1,64}$")]
SECONDS_MAX = 604_800
KILOBYTES_MAX = 2**40 - 1
FEN_MAX = 10**12 - 1


class CallRecord(BaseModel):
    """One call, message or data session as the network counted it, with its numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    record_id: RecordId
    number: PlainNumber
    at: AwareDatetime
    kind: Kind
    direction: Direction
    seconds: Annotated[int, Field(ge=0, le=SECONDS_MAX)] = 0
    kilobytes: Annotated[int, Field(ge=0, le=KILOBYTES_MAX)] = 0
    fen: Annotated[int, Field(ge=0, le=FEN_MAX)] = 0
    peer: PlainNumber | None = None
    forwarded_to: PlainNumber | None = None
    at_home: bool = True


COLUMNS = pa.schema(
    [
        ("record_id", pa.string()),
        ("number", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
        ("kind", pa.string()),
        ("direction", pa.string()),
        ("seconds", pa.int32()),
        ("kilobytes", pa.int64()),
        ("fen", pa.int64()),
        ("peer", pa.string()),
        ("forwarded_to", pa.string()),
        ("at_home", pa.bool_()),
    ]
)
NULLABLE = frozenset({"peer", "forwarded_to"})


class Unreadable(Exception):  # noqa: N818 - a fact about the body, which says what to mend.
    """The body as a whole is no batch."""


class TooMuch(Unreadable):
    """The batch is to be cut."""


@dataclass(frozen=True)
class BadCell:
    """A row that cannot be taken, the column that is at fault, and what it may be."""

    row: int
    column: str
    said: str


def columns_of(records: list[CallRecord]) -> pa.Table:
    """JSON's records as columns."""
    cells = {name: [getattr(one, name) for one in records] for name in COLUMNS.names}
    return pa.Table.from_pydict(cells, schema=COLUMNS)


def read_arrow(body: bytes) -> pa.Table:
    """An Arrow IPC stream as our columns, whatever their order and width.

    Raises:
        Unreadable: it is none, or has other columns.
        TooMuch: it is more than one batch may be.
    """
    try:
        stream = ipc.open_stream(body)
        unpacked = unpacked_bytes(body)
        if unpacked > UNPACKED_BYTES_MAX:
            raise TooMuch(f"{unpacked} bytes unpacked, at most {UNPACKED_BYTES_MAX}")
        table = stream.read_all()
        # Arrow trusts offsets until told otherwise: a damaged message would end the process.
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise Unreadable("the body is no Arrow IPC stream, or it was damaged") from error
    missing = sorted(set(COLUMNS.names) - set(table.schema.names))
    if missing or len(table.schema.names) != len(COLUMNS.names):
        raise Unreadable(
            f"the columns are {', '.join(COLUMNS.names)}; missing: {missing or 'none'}"
        )
    if table.num_rows > ROWS_MAX:
        raise TooMuch(f"{table.num_rows} rows, at most {ROWS_MAX}")
    return pa.Table.from_arrays([_cast(table, name) for name in COLUMNS.names], schema=COLUMNS)


def _cast(table: pa.Table, name: str) -> pa.ChunkedArray:
    """The column as wide as ours; a number as text is none, nor is a time without a zone."""
    column, wanted = table.column(name), COLUMNS.field(name).type
    try:
        if _kind(column.type) == _kind(wanted):
            return column.cast(wanted)
    except (pa.ArrowException, ValueError):
        pass  # too wide for us; told as below
    raise Unreadable(f"column {name} cannot be read as {wanted}")


def _kind(column: pa.DataType) -> str:
    kinds = {
        "text": types.is_string(column) or types.is_large_string(column),
        "integer": types.is_integer(column),
        "truth": types.is_boolean(column),
        "moment": types.is_timestamp(column) and column.tz is not None,
    }
    return next((name for name, is_it in kinds.items() if is_it), str(column))


Rule = Callable[[pa.ChunkedArray], pa.ChunkedArray]


def _between(low: object, high: object) -> Rule:
    return lambda column: pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high))


def _one_of(words: tuple[str, ...]) -> Rule:
    known = pa.array(words, pa.string())
    return lambda column: pc.is_in(column, value_set=known)


_RULES: dict[str, tuple[Rule, str]] = {
    "record_id": (
        lambda column: pc.match_substring_regex(column, "^[!-~]{1,64}$"),
        "1 to 64 visible ASCII characters",
    ),
    "kind": (_one_of(get_args(Kind)), "voice, sms or data"),
    "direction": (_one_of(get_args(Direction)), "out, in or forwarded"),
    "seconds": (_between(0, SECONDS_MAX), f"0 to {SECONDS_MAX}"),
    "kilobytes": (_between(0, KILOBYTES_MAX), f"0 to {KILOBYTES_MAX}"),
    "fen": (_between(0, FEN_MAX), f"0 to {FEN_MAX}"),
}


def bad_cells(table: pa.Table, *, now: datetime) -> Iterator[BadCell]:
    """What keeps rows from being taken, apart from their numbers, which hashing judges."""
    for name in COLUMNS.names:
        if name not in NULLABLE:
            yield from _cells(name, table.column(name).is_valid(), "a value")
    for name, (rule, said) in _RULES.items():
        yield from _cells(name, rule(table.column(name)), said)
    timely = _between(pa.scalar(now - AGE_MAX, _AT), pa.scalar(now + EARLY_MAX, _AT))
    said = "no later than now and no older than 400 days"
    yield from _cells("at", timely(table.column("at")), said)


_AT = COLUMNS.field("at").type


def _cells(name: str, sound: pa.ChunkedArray, said: str) -> Iterator[BadCell]:
    # Where there is no value there is no verdict: that a value is missing was said before.
    verdict: NDArray[np.bool_] = sound.fill_null(fill_value=True).to_numpy()
    for row in np.flatnonzero(~verdict):
        yield BadCell(int(row), name, said)
