"""The parts of a local stack and how each is started."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.stack import jars
from holdfast.stack.class_archive import archive_of
from holdfast.stack.kafka import Broker
from holdfast.stack.postgres import Postgres
from holdfast.stack.process import ProcessId, spawn
from holdfast.stack.state import SERVICES, StackState

WEB = "web"
IDENTITY = "identity"
MAILBOX = "mailbox"
BESIDE = (IDENTITY, MAILBOX)
"""What stands here for an operator's own: it shows pages where the others show metrics."""


def worker_name(service: str) -> str:
    return f"worker-{service}"


@dataclass(frozen=True)
class Part:
    """A process of the stack: what runs, where it writes, how it begins."""

    name: str
    command: Sequence[str]
    log: Path
    start: Callable[[], ProcessId]
    stop_with: int = signal.SIGTERM


def services(state: StackState) -> list[Part]:
    """In the order of starting: workers, who signs people in, who takes mail, the web process."""
    if "services" not in state.only:
        return []
    workers = [_process(state, worker_name(s), "worker", s) for s in SERVICES]
    beside = [_process(state, name, name) for name in BESIDE]
    return [*workers, *beside, _process(state, WEB, "api")]


def _process(state: StackState, name: str, *arguments: str) -> Part:
    command = [sys.executable, "-m", "holdfast", *arguments]
    log = state.folder / "logs" / f"{name}.log"

    def start() -> ProcessId:
        return spawn(command, log=log, env={**os.environ, **environment(state, name)})

    return Part(name, command, log, start)


def servers(state: StackState) -> list[Part]:
    """The brokers and PostgreSQL, as far as they are ours.

    Raises:
        NoJars: the jars are not here and cannot be fetched.
    """
    found = [Part(broker_name(b), b.command, b.log, b.start) for b in brokers(state)]
    if "postgres" in state.only and not state.database_url:
        server = postgres(state)
        # SIGTERM would wait for every client to leave.
        found.append(Part("postgres", server.command, server.log, server.start, signal.SIGINT))
    return found


def environment(state: StackState, name: str) -> Mapping[str, str]:
    """What a process of this stack is told; secrets travel in the environment, not in arguments."""
    from holdfast.tokens import ISSUER  # noqa: PLC0415 - brings cryptography, which `status` spares.

    settings = {
        "HOLDFAST_HOME": state.home,
        "HOLDFAST_KAFKA": state.kafka,
        "HOLDFAST_ISSUER": ISSUER,
        "HOLDFAST_JWKS_FILE": str(state.folder / "jwks.json"),
        "HOLDFAST_PORT": str(state.web_port),
        "HOLDFAST_HEALTH_PORT": str(state.part(name).health_port),
        "HOLDFAST_IDENTITY_KEY": state.identity_key,
        "HOLDFAST_IDENTITY_KEY_ID": "local-1",
        "HOLDFAST_CHECKPOINTS": _checkpoints(state).as_uri(),
        "HOLDFAST_PUBLIC_URL": web_address(state),
        "HOLDFAST_SMTP": f"smtp://127.0.0.1:{state.smtp_port}",
        "HOLDFAST_SMTP_PORT": str(state.smtp_port),
        "HOLDFAST_MAILBOX": str(state.folder / "mailbox"),
        "HOLDFAST_SESSION_KEY": state.session_key,
        "HOLDFAST_OIDC_ISSUER": f"http://127.0.0.1:{state.part(IDENTITY).health_port}",
        "HOLDFAST_OIDC_CLIENT_ID": "holdfast",
        "HOLDFAST_OIDC_CLIENT_SECRET": state.session_key,  # the local provider takes any
        "HOLDFAST_READY_USERS": str(ready_users_file(state)),
        **past_proxies(os.environ),
    }
    for service in SERVICES:
        for kind in ("web", "worker", "migrate"):
            key = f"HOLDFAST_{service}_{kind}_DATABASE_URL".upper()
            settings[key] = role_url(state, service, kind)
    return settings


def past_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Parts ask each other on this machine, whatever proxy leads out of it."""
    known = environ.get("no_proxy") or environ.get("NO_PROXY")
    hosts = ",".join(filter(None, [known, "127.0.0.1", "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}  # of two spellings some read one, some the other


def web_address(state: StackState) -> str:
    """Where people find the pages."""
    return f"http://127.0.0.1:{state.web_port}"


def ready_users_file(state: StackState) -> Path:
    return state.folder / "ready-users.json"


def _checkpoints(state: StackState) -> Path:
    """Where alerts keeps snapshots of its rows."""
    folder = state.folder / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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
    if state.kafka_address or "kafka" not in state.only:
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
            # Jars that a site brings are this stack's matter.
            archive=archive_of(node, state.folder if state.kafka_jars else None),
        )
        for node in numbers
    ]


def broker_name(broker: Broker) -> str:
    return f"kafka-{broker.node}"
