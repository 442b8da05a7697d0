"""The parts of a local stack and how each is started."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.stack import jars
from holdfast.stack.kafka import Broker
from holdfast.stack.postgres import Postgres
from holdfast.stack.process import ProcessId, spawn
from holdfast.stack.state import SERVICES, StackState
from holdfast.tokens import ISSUER

WEB = "web"


def worker_name(service: str) -> str:
    return f"worker-{service}"


@dataclass(frozen=True)
class Part:
    """A process that the supervisor keeps: workers and the web process."""

    name: str
    arguments: tuple[str, ...]

    def start(self, state: StackState) -> ProcessId:
        return spawn(
            [sys.executable, "-m", "holdfast", *self.arguments],
            log=self.log(state),
            env={**os.environ, **environment(state, self.name)},
        )

    def log(self, state: StackState) -> Path:
        return state.folder / "logs" / f"{self.name}.log"


def kept_parts() -> tuple[Part, ...]:
    """What the supervisor keeps running, in the order of starting."""
    workers = tuple(Part(worker_name(s), ("worker", s)) for s in SERVICES)
    return (*workers, Part(WEB, ("api",)))


def environment(state: StackState, name: str) -> Mapping[str, str]:
    """What a process of this stack is told; secrets travel in the environment, not in arguments."""
    settings = {
        "HOLDFAST_HOME": state.home,
        "HOLDFAST_KAFKA": state.kafka,
        "HOLDFAST_ISSUER": ISSUER,
        "HOLDFAST_JWKS_FILE": str(state.folder / "jwks.json"),
        "HOLDFAST_PORT": str(state.web_port),
        "HOLDFAST_HEALTH_PORT": str(state.part(name).health_port),
    }
    for service in SERVICES:
        for kind in ("web", "worker", "migrate"):
            key = f"HOLDFAST_{service}_{kind}_DATABASE_URL".upper()
            settings[key] = role_url(state, service, kind)
    return settings


def role_url(state: StackState, service: str, kind: str) -> str:
    role = f"{service}_{kind}"
    user_info = f"{role}:{state.passwords[role]}"
    if state.database_url:
        return f"postgresql://{user_info}@{state.database_url.split('@', 1)[1]}"
    return f"postgresql://{user_info}@127.0.0.1:{state.postgres_port}/holdfast"


def superuser_url(state: StackState) -> str:
    return state.database_url or postgres(state).address.url()


def postgres(state: StackState) -> Postgres:
    return Postgres(state.folder / "postgres", state.postgres_port)


def brokers(state: StackState) -> list[Broker]:
    """The brokers of this stack; none when they are somebody else's.

    Raises:
        NoJars: the jars are not here and cannot be fetched.
    """
    if state.kafka_address:
        return []
    class_path = jars.class_path(Path(state.kafka_jars) if state.kafka_jars else None)
    numbers = range(1, len(state.kafka_ports) + 1)
    peers = tuple(zip(numbers, state.controller_ports, state.directory_ids, strict=True))
    return [
        Broker(
            folder=state.folder / f"kafka-{node}",
            node=node,
            port=state.kafka_ports[node - 1],
            controller=state.controller_ports[node - 1],
            class_path=class_path,
            cluster=state.cluster,
            peers=peers,
            archive=_archive(),
        )
        for node in numbers
    ]


def _archive() -> Path:
    """One class archive for all stacks of this user, beside nobody's data."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "holdfast"
    cache.mkdir(parents=True, exist_ok=True)
    return cache / "kafka-4.3.1.jsa"


def broker_name(broker: Broker) -> str:
    return f"kafka-{broker.node}"
