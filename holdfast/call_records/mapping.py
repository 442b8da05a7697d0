"""What a file's columns and words mean: the operator's YAML, and the cells it turns into ours."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.alerts.domain.upload import COLUMNS

Ours = Literal[
    "record_id",
    "number",
    "at",
    "kind",
    "direction",
    "seconds",
    "kilobytes",
    "fen",
    "peer",
    "forwarded_to",
    "at_home",
]
NEEDED: tuple[Ours, ...] = ("record_id", "number", "at", "kind", "direction")
_ABSENT: Mapping[str, object] = {"seconds": 0, "kilobytes": 0, "fen": 0, "at_home": True}
_INTEGERS = frozenset({"seconds", "kilobytes", "fen"})
_NUMBERS = frozenset({"number", "peer", "forwarded_to"})
# A table that knew the column as a number with gaps in it: the dot is none that people write.
_FRACTION = re.compile(r"[0-9]{7,}\.0+")
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

Cell = object


class MappingRefused(Exception):  # noqa: N818 - the message says what to mend in the file.
    """The mapping cannot be used."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name} is no time zone, say Asia/Shanghai") from error
    return name


class FileMapping(BaseModel):
    """Which column of the file is which of ours, and what its words and units mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Annotated[dict[Ours, str], Field(min_length=1)]
    constants: dict[Ours, str | int | bool] = {}
    words: dict[Literal["kind", "direction", "at_home"], dict[str, str | bool]] = {}
    factors: dict[Literal["seconds", "kilobytes", "fen"], Decimal] = {}
    time_format: str | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = set(NEEDED) - set(self.columns) - set(self.constants)
        if missing:
            raise ValueError(f"say where {', '.join(sorted(missing))} come from")
        twice = set(self.columns) & set(self.constants)
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))}: a column or a constant, not both")
        return self


@dataclass(frozen=True)
class Fault:
    """Why a row cannot be sent."""

    column: str
    said: str


def read_mapping(path: Path) -> FileMapping:
    """The mapping in a YAML file.

    Raises:
        MappingRefused: with what to mend.
    """
    try:
        return FileMapping.model_validate(yaml.safe_load(path.read_text()))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingRefused(f"{path} is no YAML: {error}") from error
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise MappingRefused(f"{path}: {'; '.join(found)}") from error


class RowReader:
    """Turns rows of the file into rows of ours."""

    def __init__(self, mapping: FileMapping) -> None:
        self._mapping = mapping
        self._zone = ZoneInfo(mapping.zone)
        self._converters = {name: self._converter(name) for name in COLUMNS.names}

    def read(self, row: Mapping[str, Cell]) -> dict[str, Any] | Fault:
        """Our row, or the first cell that cannot be read. Cells are never quoted."""
        ours: dict[str, Any] = {}
        for name, cell in self._cells(row):
            try:
                ours[name] = self._converters[name](cell)
            except (ValueError, ArithmeticError):  # of decimals all are arithmetic's
                return Fault(name, f"the file's column cannot be read as {_SHAPES.get(name, name)}")
        return ours

    def _cells(self, row: Mapping[str, Cell]) -> Iterator[tuple[str, Cell]]:
        columns: Mapping[str, str] = {**self._mapping.columns}
        constants: Mapping[str, Cell] = {**_ABSENT, **self._mapping.constants}
        for name in COLUMNS.names:
            cell = row[columns[name]] if name in columns else constants.get(name)
            yield name, _ABSENT.get(name) if _is_missing(cell) else cell

    def _converter(self, name: str) -> Callable[[Cell], object]:
        if name == "at":
            return self._moment
        if name in _INTEGERS:
            factors: Mapping[str, Decimal] = {**self._mapping.factors}
            factor, most = factors.get(name, Decimal(1)), _largest(name)
            return lambda cell: _whole(Decimal(_text(cell)) * factor, most)
        if name in _NUMBERS:
            return lambda cell: None if cell is None else _number(cell)
        words: Mapping[str, Mapping[str, str | bool]] = {**self._mapping.words}
        if name == "at_home":
            return lambda cell: _truth(cell, words.get(name, {}))
        known = words.get(name, {})
        return lambda cell: None if cell is None else known.get(_text(cell), _text(cell))

    def _moment(self, cell: Cell) -> datetime:
        if isinstance(cell, datetime):
            found = cell
        elif self._mapping.time_format is None:
            found = datetime.fromisoformat(_text(cell))
        else:
            found = datetime.strptime(_text(cell), self._mapping.time_format)  # noqa: DTZ007 - the zone follows.
        return found if found.tzinfo else found.replace(tzinfo=self._zone)


_SHAPES = {
    "at": "a time",
    **dict.fromkeys(_INTEGERS, "a number of that size"),
    **dict.fromkeys(_NUMBERS, "a telephone number: write it as text, not as a number"),
}


def _is_missing(cell: Cell) -> bool:
    """Nothing, blanks, or the NaN that tables keep where a number is missing."""
    if isinstance(cell, float):
        return isnan(cell)
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _largest(name: str) -> int:
    """What our column holds."""
    return 2**31 - 1 if COLUMNS.field(name).type == pa.int32() else 2**63 - 1


def _whole(number: Decimal, most: int) -> int:
    # Compared first: a huge exponent would take for ever to be written out.
    if not -most <= number <= most:
        raise ValueError("beyond what the column holds")
    return int(number.to_integral_value())


def _number(cell: Cell) -> str:
    """A telephone number as text; a typed one has lost nothing, a written fraction is no number."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if _FRACTION.fullmatch(_text(cell)):
        raise ValueError("a number of a table, written as text")
    return _text(cell)


def _text(cell: Cell) -> str:
    return str(cell).strip()


def _truth(cell: Cell, words: Mapping[str, str | bool]) -> bool:
    if isinstance(cell, bool):
        return cell
    told = words.get(_text(cell), _TRUTHS.get(_text(cell).lower()))
    if not isinstance(told, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004 - a cell's value, not its type.
    return told
