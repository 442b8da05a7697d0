"""Reads what came of a run in alerts: PostgreSQL, alerts.v1, and snapshots as the run goes on."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence

import asyncpg

from holdfast.chaos import findings
from holdfast.chaos.history import (
    Alert,
    AlertEffects,
    AlertSample,
    Expected,
    Letter,
    Place,
    Position,
    ToldAlert,
)
from holdfast.chaos.observer import SAMPLE_SECONDS, absent_letters, by_partition, connected
from services.alerts.engine.facts import microseconds
from shared.clock import Clock, Segment
from shared.events.alerts import AlertRaised, EpisodeOpened
from shared.events.catalogue import ALERTS, BILLING, CUSTOMERS, TOUCHPOINTS, USAGE
from shared.faults import is_worlds_fault

SERVICE = "alerts"
IN_TOPICS = (BILLING, CUSTOMERS, TOUCHPOINTS, USAGE)
_ABOUT = {AlertRaised.event_type: "alert_id", EpisodeOpened.event_type: "episode_id"}

_ALERTS = """
SELECT alert_id::text, rule, customer_id, at, episode_id::text FROM hit
UNION ALL SELECT alert_id::text, rule, customer_id, at, NULL FROM suppression
"""
_POSITIONS = "SELECT topic, partition, next_offset FROM position"


async def effects(url: str, kafka: str) -> AlertEffects:
    async with connected(url, SERVICE) as connection:
        alerts = await connection.fetch(_ALERTS)
        episodes = await connection.fetch("SELECT episode_id::text FROM episode")
        letters = await connection.fetch(
            "SELECT topic, partition, offset_, row_, attempts FROM dead_letter"
        )
        parked = await connection.fetch("SELECT topic, partition, offset_ FROM parked")
        at = await connection.fetch(_POSITIONS)
    ends = await findings.ends(kafka, IN_TOPICS)
    return AlertEffects(
        alerts=tuple(Alert(a[0], a[1], a[2], microseconds(a[3]), a[4]) for a in alerts),
        episodes=tuple(row[0] for row in episodes),
        told=await _told(kafka),
        letters=tuple(Letter(*row) for row in letters),
        parked=tuple(Position(*row) for row in parked),
        positions=tuple(Position(*row) for row in at),
        ends=tuple(Position(*where, end) for where, end in ends.items()),
    )


async def _told(kafka: str) -> tuple[ToldAlert, ...]:
    told: list[ToldAlert] = []
    async for record in findings.read_log(kafka, (ALERTS,)):
        headers = {name: text.decode() for name, text in record.headers}
        about = _ABOUT.get(headers["ce_type"])
        if about is not None:
            body = json.loads(record.value or b"{}")
            told.append(
                ToldAlert(
                    partition=record.partition,
                    offset=record.offset,
                    event_id=headers["ce_id"],
                    about=body[about],
                    customer=int(body["customer_id"]),
                )
            )
    return tuple(told)


async def clock(url: str) -> Clock:
    """Business time as the workers knew it."""
    async with connected(url, SERVICE) as connection:
        rows = await connection.fetch("SELECT wall_from, business_from, rate FROM clock_segment")
    return Clock([Segment(row[0], row[1], float(row[2])) for row in rows])


class AlertObserver:
    """Takes a snapshot a second; what a position covers is asked for when it is over."""

    def __init__(self, url: str, expected: Mapping[int, Expected]) -> None:
        self._url = url
        self._expected = expected
        self._read = 0
        self._uncovered: list[Place] = []
        self._known: list[str] = []
        self._began = time.monotonic()
        self.samples: list[AlertSample] = []

    async def watch(self, acknowledged: Sequence[Place]) -> None:
        """Until cancelled; a server that is away is asked again."""
        while True:
            try:
                async with connected(self._url, SERVICE) as connection:
                    while True:
                        await self._sample(connection, acknowledged)
                        await asyncio.sleep(SAMPLE_SECONDS)
            except Exception as error:
                if not is_worlds_fault(error):
                    raise
                await asyncio.sleep(SAMPLE_SECONDS)

    async def _sample(self, connection: asyncpg.Connection, acknowledged: Sequence[Place]) -> None:
        self._uncovered += [p for p in acknowledged[self._read :] if self._must_be_dead(p)]
        self._read = len(acknowledged)
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        at = by_partition(await connection.fetch(_POSITIONS))
        new = await connection.fetch(
            "SELECT alert_id::text FROM hit WHERE alert_id <> ALL($1::uuid[])", self._known
        )
        covered = [p for p in self._uncovered if p.offset < at.get((p.topic, p.partition), 0)]
        behind = await absent_letters(connection, covered, self._expected)
        await connection.execute("COMMIT")
        self._uncovered = [place for place in self._uncovered if place not in covered]
        appeared = tuple(row[0] for row in new)
        self._known += appeared
        self.samples.append(
            AlertSample(
                second=round(time.monotonic() - self._began, 1),
                positions={where[1]: n for where, n in at.items() if where[0] == USAGE.name},
                appeared=appeared,
                behind=tuple(behind),
            )
        )

    def _must_be_dead(self, place: Place) -> bool:
        """Of what counts once, a repeat leaves no letter of its own."""
        message = self._expected[place.number]
        return bool(message.dead_rows) and not message.once
