"""What a run leaves behind: what was sent, what the log holds, what came of it. No I/O but JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Claim:
    """One entry that a fact calls for, by the rules of the trade and not by the service's code."""

    entry_id: str
    customer: int
    cohort: int
    kind: str
    amount: int

    @property
    def lot(self) -> str:
        return f"{self.customer}/{self.cohort}"


@dataclass(frozen=True)
class Expected:
    """What one message must bring about: entries, dead rows, or a profile.

    `sequence` is there for profiles alone; a broken one has 0 and holds back its customer's others.
    `merged` are the facts that alerts must put into the usage log; a message that counts `once` is
    known by its id, so that a repeat of it is skipped even if it is broken.
    """

    message_id: str
    key: str | None
    claims: tuple[Claim, ...] = ()
    dead_rows: tuple[int, ...] = ()
    sequence: int | None = None
    merged: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True)
class Place:
    """Message `number` of the plan lies here in the log."""

    number: int
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class PostedEntry:
    """A row of the ledger."""

    entry_id: str
    lot: str
    kind: str
    amount: int
    lot_version: int


@dataclass(frozen=True)
class Published:
    """A fact in the out-topic, in the order of its partition's offsets."""

    partition: int
    offset: int
    event_id: str
    entry_id: str
    lot: str
    lot_version: int
    amount: int


@dataclass(frozen=True)
class Letter:
    """A dead letter; `attempts` above one means that it was stored more than once."""

    topic: str
    partition: int
    offset: int
    row: int
    attempts: int


@dataclass(frozen=True)
class Position:
    topic: str
    partition: int
    next_offset: int


@dataclass(frozen=True)
class Effects:
    """What stood in PostgreSQL and in the out-topic when the run ended."""

    entries: tuple[PostedEntry, ...]
    published: tuple[Published, ...]
    letters: tuple[Letter, ...]
    parked: tuple[Position, ...]
    sequences: dict[int, int]
    positions: tuple[Position, ...]
    audit: tuple[str, ...]
    ledger_hash: str


@dataclass(frozen=True)
class Sample:
    """One snapshot during the run: effects that a position covered and that were not there.

    `behind` names effects whose message lies below the position; `went_back` customers whose
    profile version was lower than in an earlier snapshot.
    """

    second: float
    asked: int
    behind: tuple[str, ...]
    went_back: tuple[int, ...]


@dataclass(frozen=True)
class Alert:
    """A rule's edge; `at` in microseconds since 1970; one that was suppressed has no episode."""

    alert_id: str
    rule: str
    customer: int
    at: int
    episode_id: str | None

    @property
    def suppressed(self) -> bool:
        return self.episode_id is None


@dataclass(frozen=True)
class FoundAlert:
    """An alert as one undisturbed pass finds it: the message at this place moves the rule."""

    partition: int
    offset: int
    alert: Alert


@dataclass(frozen=True)
class ToldAlert:
    """A fact in alerts.v1: an alert was raised, or an episode opened (`about` is which)."""

    partition: int
    offset: int
    event_id: str
    about: str
    customer: int


@dataclass(frozen=True)
class AlertEffects:
    """What alerts had in PostgreSQL and in its out-topic when the run ended."""

    alerts: tuple[Alert, ...]
    episodes: tuple[str, ...]
    told: tuple[ToldAlert, ...]
    letters: tuple[Letter, ...]
    parked: tuple[Position, ...]
    positions: tuple[Position, ...]
    ends: tuple[Position, ...]


@dataclass(frozen=True)
class AlertSample:
    """One snapshot: positions of the usage log, alerts that are new since the one before.

    `behind` names dead letters that a position covered and that were not there.
    """

    second: float
    positions: dict[int, int]
    appeared: tuple[str, ...]
    behind: tuple[str, ...]


@dataclass(frozen=True)
class UndisturbedPass:
    """The usage log that the run left, folded once from its beginning, in the order of the log.

    `merged` counts how often each fact of the merger stands in it.
    """

    found: tuple[FoundAlert, ...]
    merged: dict[str, int]
    records: int


@dataclass(frozen=True)
class AlertsRun:
    """The part of a run that alerts had."""

    effects: AlertEffects
    samples: tuple[AlertSample, ...]
    oracle: UndisturbedPass


@dataclass(frozen=True)
class Fault:
    """One fault, when it began, and how long the effects took to move again."""

    kind: str
    second: float
    recovered_after: float
    detail: str = ""


@dataclass(frozen=True)
class SelfEnded:
    """A worker that nobody stopped ended, and was started again as the supervisor would."""

    worker: int
    code: int
    reason: str


@dataclass(frozen=True)
class History:
    """Everything that the checker needs, and nothing it could not read from a file."""

    seed: int
    expected: dict[int, Expected]
    acknowledged: tuple[Place, ...]
    logged: tuple[Place, ...]
    samples: tuple[Sample, ...]
    faults: tuple[Fault, ...]
    effects: Effects
    self_ended: tuple[SelfEnded, ...] = ()
    oracle_hash: str | None = None
    alerts: AlertsRun | None = None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), separators=(",", ":")) + "\n")


_HISTORY = TypeAdapter(History)


def read_history(path: Path) -> History:
    """A recorded run.

    Raises:
        pydantic.ValidationError: the file is no history of this version.
    """
    return _HISTORY.validate_json(path.read_bytes())
