"""Batches over the public API: repeated until taken, without the rows that cannot be."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2
import pyarrow as pa
from pyarrow import ipc

from services.alerts.domain.upload import COLUMNS
from shared.events.arrow import ARROW

ANSWER_SECONDS = 30.0
PATIENCE_SECONDS = 120.0  # a broker or a database that restarts is back by then
PAUSE_SECONDS = 1.0
ROUNDS_MAX = 50  # of taking bad rows out; an answer names up to 200 cells
_POINTER = re.compile(r"^#/records/([0-9]+)/(\w+)$")


class SendingFailed(Exception):  # noqa: N818 - the message says what to do.
    """The API does not take the file."""


@dataclass(frozen=True)
class Refusal:
    """A row that ingest refused: its place in the batch, the column, what it should be."""

    row: int
    column: str
    said: str


@dataclass(frozen=True)
class Taken:
    accepted: int
    parked: int
    refused: Sequence[Refusal]


class IngestClient:
    """One source's way into ingest."""

    def __init__(self, url: str, token: str, source: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._source = source
        self._client = httpx2.Client(
            base_url=url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
        )

    def close(self) -> None:
        self._client.close()

    def register(self) -> None:
        """Make the source known; again it changes nothing."""
        key = {"Idempotency-Key": str(uuid4())}
        answer = self._patiently("/alerts/v1/sources", headers=key, json={"source": self._source})
        if answer.status_code != HTTPStatus.OK:
            raise SendingFailed(_told(answer))

    def send(self, batch_id: str, rows: Sequence[Mapping[str, Any]]) -> Taken:
        """Send a batch; rows at fault are taken out and told.

        Raises:
            SendingFailed: the API refuses the batch as a whole, or is away for too long.
        """
        kept = list(enumerate(rows))
        refused: list[Refusal] = []
        for _ in range(ROUNDS_MAX):
            if not kept:
                return Taken(0, 0, refused)
            answer = self._upload(batch_id, [row for _, row in kept])
            if answer.status_code == HTTPStatus.ACCEPTED:
                taken = answer.json()
                return Taken(taken["accepted"], taken["parked"], refused)
            named = list(_refusals(answer))
            if not named:
                raise SendingFailed(_told(answer))
            # Places in the answer are those of what was sent, ours those of the whole batch.
            refused += [Refusal(kept[one.row][0], one.column, one.said) for one in named]
            bad = {one.row for one in named}
            kept = [pair for place, pair in enumerate(kept) if place not in bad]
        raise SendingFailed(f"batch {batch_id}: more bad rows than it is worth; check the mapping")

    def _upload(self, batch_id: str, rows: Sequence[Mapping[str, Any]]) -> httpx2.Response:
        headers = {
            "Content-Type": ARROW,
            "Holdfast-Source": self._source,
            "Holdfast-Batch": batch_id,
        }
        return self._patiently("/alerts/v1/usage", headers=headers, content=_encoded(rows))

    def _patiently(self, path: str, **request: Any) -> httpx2.Response:  # noqa: ANN401 - httpx2's arguments.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._client.post(path, **request)
            except httpx2.TransportError as error:
                why = f"{self._client.base_url} does not answer: {error}"
            else:
                if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                    return answer
                why = _told(answer)
            if time.monotonic() > deadline:
                raise SendingFailed(f"{why}. Type the same again: what was taken is known.")
            time.sleep(PAUSE_SECONDS)


def _encoded(rows: Sequence[Mapping[str, Any]]) -> bytes:
    cells = {name: [row[name] for row in rows] for name in COLUMNS.names}
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, COLUMNS) as writer:
        writer.write_table(pa.Table.from_pydict(cells, schema=COLUMNS))
    return sink.getvalue().to_pybytes()


def _refusals(answer: httpx2.Response) -> Iterator[Refusal]:
    if answer.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        return
    for error in answer.json().get("errors", []):
        if place := _POINTER.match(error["pointer"]):
            yield Refusal(int(place[1]), place[2], error["message"])


def _told(answer: httpx2.Response) -> str:
    """What the API said, with the step that mends it where there is one."""
    try:
        problem = answer.json()
    except ValueError:
        return f"status {answer.status_code}"
    remedies = {
        "unknown-source": "add --register, once",
        "unauthorised": "give --token of the role mediation",
        "forbidden": "give --token of the role mediation",
    }
    remedy = remedies.get(problem.get("code", ""), "")
    said = f"{problem.get('title', '')}: {problem.get('detail', '')}".strip(": ")
    return f"{said} ({remedy})" if remedy else said
