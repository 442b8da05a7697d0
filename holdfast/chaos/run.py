"""One run: start everything, feed and break, wait until it is quiet, read, pass once more."""

import asyncio
import logging
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from holdfast.chaos import alert_findings, alert_oracle, findings, nemesis, observer
from holdfast.chaos.alert_findings import AlertObserver
from holdfast.chaos.feeder import Feeder
from holdfast.chaos.history import AlertsRun, Fault, History, Place
from holdfast.chaos.nemesis import Scene
from holdfast.chaos.observer import Observer, Where
from holdfast.chaos.parts import WORKER, PartFailed, Parts
from holdfast.chaos.plan import Plan
from holdfast.chaos.readers import readers_of
from holdfast.chaos.toxics import Toxics
from holdfast.chaos.waiting import until

WORKERS = 2  # of each service
FIRST_CLAIM_SECONDS = 120.0
# For these, nothing at all must have moved; a group's session is 10 s, a rebalance at most 20.
RECOVERY_SECONDS = 90.0
STUCK_SECONDS = 60.0
RELAY_SECONDS = 30.0  # to publish what is left
UNHURRIED_SECONDS = 12.0  # one fault with its recovery; the feeder spreads its share over it
AT_ONCE = 1e9  # a second: as fast as it goes


@dataclass(frozen=True)
class Wishes:
    """What kind of run: how many facts and faults, by which seed, on which worker."""

    seed: int
    facts: int
    faults: int
    toxiproxy: bool = False
    freeze_seconds: float = 30.0
    kinds: tuple[str, ...] | None = None
    worker: str = WORKER
    alerts: bool = True
    oracle: bool = True


SHORT = Wishes(
    seed=1,
    facts=20_000,
    faults=6,
    # Beyond the group's session of 10 s, so that the partitions go to the other worker.
    freeze_seconds=20.0,
)
FULL = Wishes(seed=1, facts=200_000, faults=24, toxiproxy=True)


Say = Callable[[str], None]


def run(wishes: Wishes, say: Say) -> History:
    """Carry it out in a folder of its own; every process it started is ended, come what may.

    Raises:
        PartFailed: a part did not start, stopped for good, or did not recover in time.
        NoProxy: faults through the proxy are wished for, and it cannot be had.
    """
    parts = Parts.in_folder(
        Path(tempfile.mkdtemp(prefix="holdfast-chaos-")),
        proxied=wishes.toxiproxy,
        beside=(alert_findings.SERVICE,) if wishes.alerts else (),
    )
    # The clients tell every refused connection, and refused connections are what we make.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    toxics = _toxics(parts) if wishes.toxiproxy else None
    try:
        if toxics:
            toxics.start()
        began = time.monotonic()
        parts.start_servers()
        say(f"Kafka and PostgreSQL are there after {time.monotonic() - began:.1f} s")
        history = asyncio.run(_Run(wishes, parts, toxics, say).carry_out())
    finally:
        parts.stop()
        if toxics:
            toxics.stop()
    parts.remove()  # After a failure the logs stay, to be read.
    return history


def _toxics(parts: Parts) -> Toxics:
    return Toxics(
        parts.folder,
        {
            "kafka": (parts.kafka_proxy, parts.kafka_behind),
            "postgres": (parts.postgres_proxy, parts.postgres.port),
        },
    )


class _Run:
    def __init__(self, wishes: Wishes, parts: Parts, toxics: Toxics | None, say: Say) -> None:
        self._wishes = wishes
        self._parts = parts
        self._say = say
        self._began = time.monotonic()
        self._kafka = parts.broker.address
        self._url = parts.postgres.address.url()
        at = datetime.now(UTC)
        self._readers = readers_of(wishes.worker, alerts=wishes.alerts)
        plan = Plan(wishes.seed, facts=wishes.facts, at=at, usage=wishes.alerts)
        self._messages = list(plan.messages())
        self._expected = {m.number: m.expected for m in self._messages}
        rate = len(self._messages) / (wishes.faults + 1) / UNHURRIED_SECONDS
        self._feeder = Feeder(self._kafka, self._messages, rate=rate)
        self._observer = Observer(self._url, self._expected)
        self._alerts = AlertObserver(self._url, self._expected) if wishes.alerts else None
        # Faults are repeatable too, as far as processes are.
        chance = random.Random(wishes.seed)  # noqa: S311
        self._scene = Scene(parts, self._feeder, chance, self._url, wishes.freeze_seconds, toxics)
        self._faults: list[Fault] = []

    async def carry_out(self) -> History:
        for reader in self._readers * WORKERS:
            self._parts.start_worker(reader.module)
        async with self._background() as feeding:
            await until(
                self._claimed, FIRST_CLAIM_SECONDS, "the workers did not share the partitions"
            )
            self._say(f"{len(self._messages)} messages to send; the workers consume")
            await self._break_things()
            self._feeder.limit, self._feeder.rate = len(self._messages), AT_ONCE
            await feeding
            await self._settle()
        history = await self._read()
        if self._wishes.oracle:
            history = replace(history, oracle_hash=await self._pass_once())
        return history

    @asynccontextmanager
    async def _background(self) -> AsyncGenerator[asyncio.Task[None]]:
        """The feeder, the keeper and the observer; if one fails, the run fails."""
        feeding = asyncio.create_task(self._feeder.run())
        keeping = asyncio.create_task(self._parts.keep())
        watching = asyncio.create_task(self._observer.watch(self._feeder.acknowledged))
        tasks = [feeding, keeping, watching]
        if self._alerts:
            tasks.append(asyncio.create_task(self._alerts.watch(self._feeder.acknowledged)))
        owner = asyncio.current_task()

        def fail(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and task.exception() and owner:
                owner.cancel()

        for task in tasks:
            task.add_done_callback(fail)
        try:
            yield feeding
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for failure in ended:
                if isinstance(failure, Exception):
                    raise failure

    async def _break_things(self) -> None:
        kinds = self._wishes.kinds or nemesis.choose(
            self._scene.chance, self._wishes.faults, proxied=self._wishes.toxiproxy
        )
        share = len(self._messages) / (len(kinds) + 1)
        self._feeder.limit = int(share)
        await until(self._moving, RECOVERY_SECONDS, "nothing moved", progress=self._progress)
        for number, kind in enumerate(kinds, start=1):
            self._feeder.limit = int(share * (number + 1))
            second = time.monotonic() - self._began
            detail = await nemesis.strike_of(kind)(self._scene)
            mended = time.monotonic()
            mark = self._mark()
            await until(
                lambda mark=mark: self._consumed(mark),
                RECOVERY_SECONDS,
                f"no recovery from {kind}",
                progress=self._progress,
            )
            fault = Fault(kind, round(second, 1), round(time.monotonic() - mended, 1), detail)
            self._faults.append(fault)
            self._say(
                f"{number:>3}/{len(kinds)} {fault.kind}: {detail}; "
                f"moving again after {fault.recovered_after} s"
            )

    def _mark(self) -> dict[Where, int]:
        """How far the log goes, as far as it was acknowledged."""
        mark: dict[Where, int] = {}
        for place in self._feeder.acknowledged:
            where = (place.topic, place.partition)
            mark[where] = max(mark.get(where, 0), place.offset + 1)
        return mark

    async def _moving(self) -> bool:
        return bool(self._feeder.acknowledged) and await self._consumed(self._mark())

    async def _claimed(self) -> bool:
        owners = [await observer.owners(self._url, r.service) for r in self._readers]
        return all(count == WORKERS for count in owners)

    async def _consumed(self, mark: dict[Where, int]) -> bool:
        for reader in self._readers:
            at = await observer.positions(self._url, reader.service)
            if any(at.get(where, 0) < end for where, end in mark.items() if reader.reads(where)):
                return False
        return True

    async def _progress(self) -> int:
        """How far all positions are together: it never stands still while anybody consumes."""
        at = [await observer.positions(self._url, reader.service) for reader in self._readers]
        return sum(sum(positions.values()) for positions in at)

    async def _settle(self) -> None:
        """Until the whole log is consumed and, if it can be, published.

        Twice, for what alerts publishes goes into the usage log, too.
        """
        for _ in self._readers:
            ends = await findings.ends(self._kafka, findings.FED_TOPICS)
            self._say("everything is sent; waiting until it is consumed")
            await until(
                lambda ends=ends: self._consumed(ends),
                STUCK_SECONDS,
                "the log was not consumed: nothing moved",
                progress=self._progress,
            )
            try:
                await until(
                    self._published,
                    RELAY_SECONDS,
                    "the outbox was not published: nothing left it",
                    progress=self._relayed,
                )
            except PartFailed as late:
                self._say(f"{late}; the checker will tell what is missing")

    async def _published(self) -> bool:
        return await self._relayed() == 0

    async def _relayed(self) -> int:
        """Less than nought by what waits in the outboxes; nobody adds to them any more."""
        left = [await findings.unsent(self._url, reader.service) for reader in self._readers]
        return -sum(left)

    async def _read(self) -> History:
        places: tuple[Place, ...] = await findings.logged(self._kafka)
        return History(
            seed=self._wishes.seed,
            expected=self._expected,
            acknowledged=tuple(self._feeder.acknowledged),
            logged=places,
            samples=tuple(self._observer.samples),
            faults=tuple(self._faults),
            effects=await findings.effects(self._url, self._kafka),
            self_ended=tuple(self._parts.self_ended),
            alerts=await self._read_alerts(self._alerts) if self._alerts else None,
        )

    async def _read_alerts(self, seen: AlertObserver) -> AlertsRun:
        self._say("one undisturbed pass over the usage log")
        clock = await alert_findings.clock(self._url)
        return AlertsRun(
            effects=await alert_findings.effects(self._url, self._kafka),
            samples=tuple(seen.samples),
            oracle=await alert_oracle.pass_once(self._kafka, clock),
        )

    async def _pass_once(self) -> str:
        """The oracle: an empty database, one worker, nothing broken, the same log."""
        await asyncio.to_thread(self._parts.stop_workers)
        self._parts.proxied = False
        self._parts.database = "oracle"
        self._parts.beside = ()
        self._readers = self._readers[:1]
        await self._parts.prepare_database("oracle")
        self._url = self._parts.postgres.address.url(database="oracle")
        self._parts.start_worker()
        ends = await findings.ends(self._kafka, findings.IN_TOPICS)
        self._say("one undisturbed pass over the same log")
        keeping = asyncio.create_task(self._parts.keep())
        try:
            await until(
                lambda: self._consumed(ends),
                STUCK_SECONDS,
                "the oracle got stuck: nothing moved",
                progress=self._progress,
            )
        finally:
            keeping.cancel()
        return await findings.ledger_hash(self._url)
