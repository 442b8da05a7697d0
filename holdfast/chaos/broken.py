"""Ways in which a record can be broken; each must become a dead letter, once, with its origin."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
from pyarrow import ipc

from holdfast.chaos.history import Claim
from shared.events.event import effect_id
from shared.events.partition import partition_of

if TYPE_CHECKING:
    from holdfast.chaos.message import Message

# Just under the topic's limit of 1,048,588 bytes, headers included.
LARGE_BYTES = 1_040_000


@dataclass(frozen=True)
class Breakage:
    """How to break a sound message of one form, and what is left of its claims."""

    name: str
    form: Literal["bill", "again", "arrow", "profile", "call", "calls"]
    of: Callable[["Message"], "Message"]


def _dead(message: "Message", *, rows: tuple[int, ...] = (0,)) -> "Message":
    """Nothing but dead rows may come of it."""
    sequence = None if message.expected.sequence is None else 0
    expected = replace(message.expected, claims=(), dead_rows=rows, sequence=sequence, merged=())
    return replace(message, expected=expected, facts=0)


def _value(message: "Message", value: bytes) -> "Message":
    return _dead(replace(message, value=value))


def _header(message: "Message", name: str, value: str) -> "Message":
    return _dead(replace(message, headers=message.headers | {name: value}))


def _fields(message: "Message", **fields: Any) -> "Message":  # noqa: ANN401 - hostile on purpose.
    body: dict[str, Any] = json.loads(message.value) | fields
    kept = {name: value for name, value in body.items() if value is not None}
    return _value(message, json.dumps(kept).encode())


def _dated(message: "Message", at: str) -> "Message":
    return _header(_fields(message, at=at), "ce_time", at)


def _foreign_row(message: "Message") -> "Message":
    """The last row belongs to another partition; its neighbours must be posted."""
    rows = ipc.open_stream(message.value).read_all().to_pylist()
    customer = int(rows[-1]["customer_id"])
    while partition_of(customer) == message.partition:
        customer -= 1
    lost = rows[-1].get("bill_id")
    rows[-1] = rows[-1] | {"customer_id": customer}
    schema = ipc.open_stream(message.value).read_all().schema
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist(rows, schema))
    kept = tuple(c for c in message.expected.claims if not _is_of(c, lost))
    dead = _value(message, sink.getvalue().to_pybytes())
    expected = replace(
        dead.expected,
        claims=kept,
        dead_rows=(len(rows) - 1,),
        merged=message.expected.merged[:-1],
    )
    return replace(dead, expected=expected)


def _is_of(claim: Claim, bill_id: str | None) -> bool:
    return claim.entry_id == str(effect_id(f"bill/{claim.customer}/{bill_id}", "earn"))


def _other_amount(message: "Message") -> "Message":
    """A bill that stands already, with another amount: the model refuses it by its claim."""
    if not message.expected.claims:
        return _value(message, b"nothing stands yet")
    amount = int(json.loads(message.value)["amount_fen"]) + 100
    claims = tuple(replace(claim, amount=amount // 100) for claim in message.expected.claims)
    changed = _fields(message, amount_fen=amount)
    return replace(changed, expected=replace(message.expected, claims=claims))


def _other_columns(message: "Message") -> "Message":
    sink = pa.BufferOutputStream()
    schema = pa.schema([("customer_id", pa.int64())])
    with ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([{"customer_id": 1}], schema))
    return _value(message, sink.getvalue().to_pybytes())


BREAKAGES = (
    Breakage("not json", "bill", lambda m: _value(m, b'{"bill_id": ')),
    Breakage("unknown type", "bill", lambda m: _header(m, "ce_type", "billing.refund.v1")),
    Breakage("arrow of another partition", "arrow", _foreign_row),
    Breakage("unknown version", "bill", lambda m: _header(m, "ce_type", "billing.bill_issued.v9")),
    Breakage("profile without a tier", "profile", lambda m: _fields(m, tier=None)),
    Breakage("missing field", "bill", lambda m: _fields(m, month=None)),
    Breakage("arrow cut short", "arrow", lambda m: _value(m, m.value[: len(m.value) // 2])),
    Breakage("bill with another amount", "again", _other_amount),
    Breakage("negative money", "bill", lambda m: _fields(m, amount_fen=-1)),
    Breakage("of 1970", "bill", lambda m: _dated(m, "1970-01-01T00:00:00Z")),
    Breakage("arrow with other columns", "arrow", _other_columns),
    Breakage("of 2099", "bill", lambda m: _dated(m, "2099-01-01T00:00:00Z")),
    Breakage("just under the limit", "bill", lambda m: _fields(m, bill_id="B" * LARGE_BYTES)),
)

USAGE_BREAKAGES = (
    Breakage("call is not json", "call", lambda m: _value(m, b"{broken")),
    Breakage("calls of another partition", "calls", _foreign_row),
    Breakage("call of 2099", "call", lambda m: _dated(m, "2099-01-01T00:00:00Z")),
    Breakage("calls cut short", "calls", lambda m: _value(m, m.value[: len(m.value) // 2])),
    Breakage(
        "call of an unknown version", "call", lambda m: _header(m, "ce_type", "usage.recorded.v9")
    ),
    Breakage("calls with other columns", "calls", _other_columns),
    Breakage("call of negative length", "call", lambda m: _fields(m, seconds=-1)),
)
"""Breakages of what alerts alone reads."""
