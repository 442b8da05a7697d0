"""One valid call record, batch, or owner of a number, and whatever differs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from services.alerts.domain.upload import COLUMNS
from shared.number_hash import NumberHasher

HASHER = NumberHasher(bytes(range(32)), "test-1")
NOW = datetime(2026, 2, 27, 1, 30, tzinfo=UTC)
AT = datetime(2026, 2, 27, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Owner:
    """As a row of the fold."""

    number_hash: bytes
    valid_from: datetime
    valid_to: datetime | None
    customer_id: int
    county: str = "990101"


def a_number() -> str:
    return f"138{secrets.randbelow(10**8):08d}"


def an_owner(
    number: str, customer: int, *, begins: datetime = LONG_AGO, ends: datetime | None = None
) -> Owner:
    return Owner(HASHER.digest(number), begins, ends, customer)


def a_row(number: object = "13800138000", **differs: object) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "record_id": "R1",
        "number": number,
        "at": AT,
        "kind": "voice",
        "direction": "out",
        "seconds": 60,
        "kilobytes": 0,
        "fen": 12,
        "peer": None,
        "forwarded_to": None,
        "at_home": True,
    }
    return fields | differs


def a_table(*rows: Mapping[str, object]) -> pa.Table:
    return pa.Table.from_pydict(
        {name: [row[name] for row in rows] for name in COLUMNS.names}, schema=COLUMNS
    )
