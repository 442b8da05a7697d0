"""The faults, one function each: break something, mend it, say what was done."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from holdfast.chaos import observer
from holdfast.chaos.feeder import Feeder
from holdfast.chaos.parts import RESTART_SECONDS, Parts, Worker
from holdfast.chaos.toxics import Toxics

DUPLICATES = 300  # messages delivered once more
RELAY_SECONDS = 15.0  # a lease lasts 3; a loaded machine takes its time to take it
DOWN_SECONDS = (0.5, 3.0)  # how long a server stays away before it is started again
CUT_SECONDS = (4.0, 16.0)  # beyond the group session of 10 s, and within it
DELAY_MS = (100, 600)


@dataclass
class Scene:
    """What a fault may touch."""

    parts: Parts
    feeder: Feeder
    chance: random.Random
    url: str
    freeze_seconds: float
    toxics: Toxics | None = None

    def a_worker(self) -> Worker:
        return self.chance.choice(self.parts.running)

    async def replace(self, worker: Worker) -> None:
        await asyncio.sleep(RESTART_SECONDS)
        self.parts.start_worker(worker.module)


Strike = Callable[[Scene], Awaitable[str]]


async def kill_worker(scene: Scene) -> str:
    worker = scene.a_worker()
    worker.wanted = False
    worker.kill()
    await scene.replace(worker)
    return f"{worker.service} worker {worker.number}"


async def kill_all_workers(scene: Scene) -> str:
    workers = scene.parts.running
    for worker in workers:
        worker.wanted = False
    for worker in workers:
        worker.kill()
    for worker in workers:
        await scene.replace(worker)
    return f"{len(workers)} workers"


async def freeze_worker(scene: Scene) -> str:
    """Long enough that its partitions go to another; then the zombie comes back."""
    worker = scene.a_worker()
    worker.frozen = True
    before = await observer.positions(scene.url, worker.service)
    worker.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(scene.freeze_seconds)
    meanwhile = await observer.positions(scene.url, worker.service)
    worker.process.send_signal(signal.SIGCONT)
    worker.frozen = False
    moved = sum(meanwhile[where] - at for where, at in before.items())
    who = f"{worker.service} worker {worker.number}"
    return f"{who} for {scene.freeze_seconds:.0f} s, {moved} messages meanwhile"


async def kill_broker(scene: Scene) -> str:
    await asyncio.to_thread(scene.parts.kill_broker)
    away = scene.chance.uniform(*DOWN_SECONDS)
    await asyncio.sleep(away)
    await asyncio.to_thread(scene.parts.start_broker)
    return f"away {away:.1f} s and its start"


async def kill_postgres(scene: Scene) -> str:
    await asyncio.to_thread(scene.parts.kill_postgres)
    away = scene.chance.uniform(*DOWN_SECONDS)
    await asyncio.sleep(away)
    await asyncio.to_thread(scene.parts.start_postgres)
    return f"away {away:.1f} s and its start"


async def leave_and_join(scene: Scene) -> str:
    """A rolling update: one joins, one leaves by SIGTERM."""
    worker = scene.a_worker()
    worker.wanted = False
    scene.parts.start_worker(worker.module)
    await asyncio.to_thread(worker.stop)
    return f"{worker.service} worker {worker.number} ended with {worker.process.returncode}"


async def kill_relay(scene: Scene) -> str:
    """Whoever holds the lease, in the middle of whatever it publishes."""
    service = scene.a_worker().service
    async with asyncio.timeout(RELAY_SECONDS):
        while True:
            owner = await observer.relay_owner(scene.url, service)
            for worker in scene.parts.running:
                if worker.process.pid == owner:
                    worker.wanted = False
                    worker.kill()
                    await scene.replace(worker)
                    return f"{worker.service} worker {worker.number} held the lease"
            await asyncio.sleep(RESTART_SECONDS)


async def deliver_again(scene: Scene) -> str:
    messages = scene.feeder.recent(DUPLICATES)
    await scene.feeder.send_again(messages)
    return f"{len(messages)} messages"


async def cut_kafka(scene: Scene) -> str:
    return await _cut(scene, "kafka")


async def cut_postgres(scene: Scene) -> str:
    return await _cut(scene, "postgres")


async def delay_kafka(scene: Scene) -> str:
    return await _delay(scene, "kafka")


async def delay_postgres(scene: Scene) -> str:
    return await _delay(scene, "postgres")


async def _cut(scene: Scene, proxy: str) -> str:
    seconds = scene.chance.uniform(*CUT_SECONDS)
    async with _toxics(scene).cut(proxy):
        await asyncio.sleep(seconds)
    return f"{seconds:.1f} s"


async def _delay(scene: Scene, proxy: str) -> str:
    seconds, delay = scene.chance.uniform(*CUT_SECONDS), scene.chance.randint(*DELAY_MS)
    async with _toxics(scene).delayed(proxy, delay):
        await asyncio.sleep(seconds)
    return f"{delay} ms for {seconds:.1f} s"


def _toxics(scene: Scene) -> Toxics:
    if scene.toxics is None:
        raise RuntimeError("cuts and delays need the proxy")
    return scene.toxics


FAULTS: Mapping[str, Strike] = {
    "kill-worker": kill_worker,
    "kill-broker": kill_broker,
    "freeze-worker": freeze_worker,
    "kill-postgres": kill_postgres,
    "kill-relay": kill_relay,
    "kill-all-workers": kill_all_workers,
    "leave-and-join": leave_and_join,
    "deliver-again": deliver_again,
}

PROXIED_FAULTS: Mapping[str, Strike] = {
    "cut-kafka": cut_kafka,
    "cut-postgres": cut_postgres,
    "delay-kafka": delay_kafka,
    "delay-postgres": delay_postgres,
}


def choose(chance: random.Random, count: int, *, proxied: bool) -> list[str]:
    """Each kind as often as it fits, the rest by chance, in an order by chance."""
    kinds = [*FAULTS, *(PROXIED_FAULTS if proxied else ())]
    rounds, rest = divmod(count, len(kinds))
    chosen = kinds * rounds + (chance.sample(kinds, rest) if rounds else kinds[:rest])
    chance.shuffle(chosen)
    return chosen


def strike_of(kind: str) -> Strike:
    return {**FAULTS, **PROXIED_FAULTS}[kind]
