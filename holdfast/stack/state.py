"""What a local stack is: its ports, secrets and processes, in one file that survives a crash."""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from holdfast.stack.kafka import random_id
from holdfast.stack.ports import free_ports, is_free
from holdfast.stack.process import ProcessId

SERVICES = ("alerts", "points", "ticketing", "callcenter")
"""The services that exist; each has a worker and a web application."""
SERVERS = ("kafka", "postgres")
KINDS_OF_PARTS = (*SERVERS, "services")


def home_folder(given: Path | None) -> Path:
    """The stack's folder: `--home`, else $HOLDFAST_HOME, else `.holdfast` here."""
    return (given or Path(os.environ.get("HOLDFAST_HOME", ".holdfast"))).resolve()


@dataclass
class PartState:
    """One process of the stack, as last seen by whoever started it."""

    pid: int = 0
    started: float = 0.0
    health_port: int = 0
    restarts: int = 0
    stopped_because: str = ""
    """Filled when it ended with 78: it stands until `holdfast restart`."""

    @property
    def process(self) -> ProcessId:
        return ProcessId(self.pid, self.started)

    def alive(self) -> bool:
        return self.pid > 0 and self.process.alive()


@dataclass
class StackState:
    """Ports and secrets are chosen once; processes come and go."""

    home: str
    cluster: str = field(default_factory=random_id)
    postgres_port: int = 0
    kafka_ports: list[int] = field(default_factory=list[int])
    controller_ports: list[int] = field(default_factory=list[int])
    directory_ids: list[str] = field(default_factory=list[str])
    web_port: int = 0
    smtp_port: int = 0
    kafka_address: str = ""
    """Set when the brokers are somebody else's (`--kafka`)."""
    database_url: str = ""
    """Set when the server is somebody else's (`--database`)."""
    kafka_jars: str = ""
    only: list[str] = field(default_factory=lambda: list(KINDS_OF_PARTS))
    """Which kinds of parts `up` was asked for."""
    identity_key: str = field(default_factory=lambda: secrets.token_hex(32))
    """The key under which telephone numbers are hashed (contracts §4); kept as long as the data."""
    session_key: str = field(default_factory=lambda: secrets.token_hex(32))
    """The key that seals people's sessions; a new one signs everybody out."""
    passwords: dict[str, str] = field(default_factory=dict[str, str])
    parts: dict[str, PartState] = field(default_factory=dict[str, PartState])

    @property
    def folder(self) -> Path:
        return Path(self.home)

    @property
    def kafka(self) -> str:
        return self.kafka_address or ",".join(f"127.0.0.1:{port}" for port in self.kafka_ports)

    @property
    def has_kafka(self) -> bool:
        return bool(self.kafka_address) or "kafka" in self.only

    @property
    def has_database(self) -> bool:
        return bool(self.database_url) or "postgres" in self.only

    @property
    def copies(self) -> int | None:
        """Copies of each partition; None leaves them to brokers that are not ours."""
        return None if self.kafka_address else len(self.kafka_ports)

    def part(self, name: str) -> PartState:
        return self.parts.setdefault(name, PartState())

    def save(self) -> None:
        """Write whole or not at all; it holds secrets, so nobody else may read it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"state.json.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), indent=1))
        fresh.replace(self.folder / "state.json")


def load(home: Path) -> StackState | None:
    """The stack in `home`, or None if there never was one (or its file was cut short)."""
    try:
        fields = json.loads((home / "state.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    parts = {name: PartState(**part) for name, part in fields.pop("parts").items()}
    # A stack may be moved while it is down: it lies where it was found.
    return StackState(**fields | {"parts": parts, "home": str(home)})


def begin(home: Path, *, brokers: int, roles: Iterable[str]) -> StackState:
    """A new stack's ports, ids and secrets."""
    ports = free_ports(3 + 2 * brokers)
    return StackState(
        home=str(home),
        postgres_port=ports[0],
        web_port=ports[1],
        smtp_port=ports[2],
        kafka_ports=ports[3 : 3 + brokers],
        controller_ports=ports[3 + brokers :],
        directory_ids=[random_id() for _ in range(brokers)],
        passwords={role: secrets.token_urlsafe(18) for role in roles},
    )


def renew_taken_ports(state: StackState) -> list[int]:
    """New ports for parts that do not run and on whose ports a stranger listens; the taken ones."""
    taken: list[int] = []

    def renewed(name: str, port: int) -> int:
        noted = state.parts.get(name, PartState())  # servers of others are no parts of ours
        if not port or noted.alive() or is_free(port):
            return port
        taken.append(port)
        return free_ports(1)[0]

    brokers = [f"kafka-{number}" for number in range(1, len(state.kafka_ports) + 1)]
    state.postgres_port = renewed("postgres", state.postgres_port)
    state.kafka_ports = [*map(renewed, brokers, state.kafka_ports)]
    state.controller_ports = [*map(renewed, brokers, state.controller_ports)]
    state.web_port = renewed("web", state.web_port)
    state.smtp_port = renewed("mailbox", state.smtp_port)
    for name, part in list(state.parts.items()):
        part.health_port = renewed(name, part.health_port)
    return taken
