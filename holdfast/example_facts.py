"""One believable fact of every event type: the fictitious customer 4 000 000 000 000 000 001."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from shared.events.event import NAMESPACE, CustomerEvent, Event

_AT = "2026-04-01T02:15:30.250000Z"
_LATER = "2026-04-03T09:00:00Z"
_HASH = "5f3a" * 16

_HEADERS = Event.model_fields.keys() - {"at"}
# By field name: a name means the same in every type, which is itself a rule of the contracts.
_FIELDS: Mapping[str, object] = {
    "about": "episode/2026-04",
    "actor": "manager-0007",
    "again_at": _LATER,
    "agreed_at": _AT,
    "allowed": True,
    "amount": 1280,
    "amount_fen": 12_800,
    "at": _AT,
    "at_home": True,
    "attempt": 1,
    "available": 11_300,
    "because": "cap",
    "bill_id": "B-202603-0001",
    "bills_fen": [12_800] * 12,
    "birthday_month": 5,
    "body": "{}",
    "by": "counter",
    "calendar_version": "cn-2026.1",
    "cause": "renewal",
    "channel": "store",
    "clears_on": "2026-04-30",
    "cohort": 2025,
    "consent": True,
    "consent_at": _AT,
    "contracts": [{"contract_id": "C-0001", "kind": "terminal", "ends_on": "2026-09-30"}],
    "copy_to": "9901",
    "county": "990101",
    "credit": 7,
    "customer_id": "4000000000000000001",
    "daily_seconds": [1800] * 28,
    "direction": "out",
    "disposition": 1,
    "do_not_call": False,
    "due_at": _LATER,
    "evidence": {
        "value": 42.5,
        "baseline": 118.0,
        "threshold": 60.0,
        "window_from": "2026-03-25T00:00:00Z",
        "window_to": _AT,
        "unit": "minutes",
        "records": ["R-0001", "R-0002"],
    },
    "excerpt": "e30=",
    "fen": 30,
    "first_manager": "manager-0007",
    "forwarded_to": _HASH,
    "from_manager": "manager-0003",
    "granted": 12_580,
    "group": "group-0042",
    "handler": "clerk-0012",
    "inbound": False,
    "joined_on": "2019-06-01",
    "key_id": "k1",
    "kilobytes": 2048,
    "kind": "voice",
    "last_seen": _AT,
    "level": 1,
    "lost_reason": "left_the_area",
    "lot_version": 3,
    "manager": "manager-0007",
    "mean_gap_seconds": 5400,
    "month": "2026-03",
    "not_before": _AT,
    "number": 17,
    "number_hash": _HASH,
    "offer": "contract-24-months",
    "offset": 4711,
    "order_type": "3g_to_contract",
    "origin": "episode/2026-04",
    "original_key": "4000000000000000001",
    "outcome": "saved",
    "partition": 5,
    "peer": _HASH,
    "plan": "plan-88",
    "points": 3200,
    "policy": "renewal-1",
    "portability": "queried",
    "portability_at": _AT,
    "priority": 68,
    "programme": "bill-points",
    "proposal_id": "P-0001",
    "purpose": "retention",
    "reached": True,
    "reason": "usage_drop",
    "record_id": "R-0001",
    "reference": "REF-0001",
    "request_id": "Q-0001",
    "result": "renewed",
    "row": 0,
    "rule": "AL-01",
    "rule_version": 2,
    "seconds": 180,
    "service": "points",
    "severity": "major",
    "sha256": _HASH,
    "source": "mediation",
    "spent": 1280,
    "state": "accepted",
    "status": "active",
    "status_at": _AT,
    "store": "990101001",
    "tier": "gold",
    "to": "manager-0001",
    "topic": "holdfast.billing.v1",
    "valid_from": _AT,
    "valid_to": _LATER,
    "valid_until": _LATER,
}
# The few whose meaning a type narrows.
_OF_TYPE: Mapping[str, Mapping[str, object]] = {
    "deadletters.recorded.v1": {"reason": "schema"},
    "ticketing.work_order_dispatched.v1": {"number": "260401-000017"},
    "usage.control.v1": {"kind": "suppress"},
}


def example_of(model: type[Event]) -> Event:
    """The example of a type, every optional field filled.

    Raises:
        KeyError: a field without an example; give it one in this module.
    """
    name = model.event_type
    identity: dict[str, object] = {
        "event_id": _id(name),
        "subject": "customer/4000000000000000001",
        "sequence": 3,
        "cause_id": str(_id("cause")),
        "cause_type": "touchpoints.deactivation_requested.v1",
    }
    wire = {field: _value(name, field) for field in model.model_fields if field not in identity}
    return model.model_validate(wire | identity)


def rows_of(model: type[CustomerEvent]) -> list[dict[str, Any]]:
    """Two rows of one partition in a type's Arrow form."""
    event = example_of(model)
    row = {name: getattr(event, name) for name in model.model_fields if name not in _HEADERS}
    return [row, row]


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE, f"example/{name}")


def _value(event_type: str, field: str) -> object:
    own = _OF_TYPE.get(event_type, {})
    if field in own:
        return own[field]
    if field in _FIELDS:
        return _FIELDS[field]
    if field.endswith("_id"):
        return str(_id(field))
    raise KeyError(f"{event_type} has a new field {field}: give it a value in {__name__}")
