"""`holdfast doctor`: every part of a stack, and for each fault the line to type."""

import re
import shutil
from collections.abc import Iterator

import psutil

from holdfast.stack import kafka, parts
from holdfast.stack.finding import Finding
from holdfast.stack.parts import Part
from holdfast.stack.ports import answers, is_free
from holdfast.stack.process import command_of
from holdfast.stack.readiness import ready
from holdfast.stack.state import StackState
from holdfast.stack.supervisor import SUPERVISOR

ROOM_MB = 256  # a segment of Kafka's log and of PostgreSQL's, four times over
_COMMAND = re.compile(r"`(holdfast [^`]+)`")


def examine(state: StackState, room_mb: int = ROOM_MB) -> Iterator[Finding]:
    """What is wrong, causes before consequences; nothing if all is well."""
    yield from disk(state, room_mb)
    wrong = list(processes(state))
    yield from wrong
    if {finding.part for finding in wrong} & {"kafka", "postgres", *_names(parts.servers(state))}:
        return  # what a server holds is asked when it answers again
    # Imported here: `holdfast doctor` of a stack that is down should not wait for drivers.
    from holdfast.stack import contents  # noqa: PLC0415

    if state.has_kafka:
        yield from contents.topics_as_catalogued(state)
    if state.has_database:
        yield from contents.schemas_and_positions(state)


def disk(state: StackState, room_mb: int) -> Iterator[Finding]:
    """Kafka ends and PostgreSQL refuses to write when the disk is full."""
    free = shutil.disk_usage(state.folder).free // 2**20
    if free < room_mb:
        yield Finding(
            "disk",
            f"{free} MB are free where {state.folder} lies, {room_mb} are needed; "
            "move the stack to a folder DIR with room, or make room",
            f"holdfast down; mv {state.folder} DIR && HOLDFAST_HOME=DIR holdfast up",
        )


def processes(state: StackState) -> Iterator[Finding]:
    """Every process runs, is the one that was noted, has its port, and answers."""
    if not state.part(SUPERVISOR).alive():
        yield Finding(SUPERVISOR, "is away: nobody starts again what ends", "holdfast up")
    servers_wrong = [finding for part in parts.servers(state) for finding in _process(state, part)]
    yield from servers_wrong
    for part in parts.services(state):
        # A worker whose servers are away cannot be ready; that needs no line of its own.
        yield from _process(state, part, consequences=not servers_wrong)


def _process(state: StackState, part: Part, *, consequences: bool = True) -> Iterator[Finding]:
    noted = state.part(part.name)
    supervised = state.part(SUPERVISOR).alive()
    if noted.stopped_because:
        yield Finding(
            part.name, noted.stopped_because, _remedy_of(part.name, noted.stopped_because)
        )
    elif noted.alive():
        if consequences and not _answers(state, part.name):
            what = (
                f"runs (pid {noted.pid}) and does not do its work; see `holdfast logs {part.name}`"
            )
            yield Finding(part.name, what, f"holdfast restart {part.name}")
    elif taken := [port for port in _ports(state, part.name) if not is_free(port)]:
        what = f"is away, and its port {taken[0]} is taken{_by_whom(taken[0])}; it gets another"
        yield Finding(
            part.name, what, "holdfast down; holdfast up" if supervised else "holdfast up"
        )
    elif psutil.pid_exists(noted.pid) and noted.pid:
        stranger = " ".join(command_of(noted.pid))[:40]
        what = f"is away: its pid {noted.pid} belongs to another process by now ({stranger})"
        yield Finding(part.name, what, _start(part.name, supervised=supervised))
    else:
        what = f"is away; see `holdfast logs {part.name}`"
        yield Finding(part.name, what, _start(part.name, supervised=supervised))


def _start(name: str, *, supervised: bool) -> str:
    return f"holdfast restart {name}" if supervised else "holdfast up"


def _remedy_of(name: str, message: str) -> str:
    """The commands that a part named when it ended, and then its restart."""
    if "made anew" in message:  # then every partition was, and the worker named its first
        message = re.sub(r"(positions move \S+ \S+) \d+", r"\1", message)
    steps = [
        command
        for command in _COMMAND.findall(message)
        if not command.startswith("holdfast restart")
    ]
    return " && ".join([*steps, f"holdfast restart {name}"])


def _answers(state: StackState, name: str) -> bool:
    port = _ports(state, name)[0]
    if name.startswith("kafka-"):
        return kafka.speaks("127.0.0.1", port)
    if name == "postgres":
        return answers("127.0.0.1", port) and parts.postgres(state).accepts()
    return ready(port)


def _ports(state: StackState, name: str) -> list[int]:
    """The ports a part listens on; the first is the one to ask."""
    if name.startswith("kafka-"):
        number = int(name.removeprefix("kafka-")) - 1
        return [state.kafka_ports[number], state.controller_ports[number]]
    if name == "postgres":
        return [state.postgres_port]
    health = [state.part(name).health_port]
    if name == parts.MAILBOX:
        return [*health, state.smtp_port]
    return [*health, state.web_port] if name == parts.WEB else health


def _by_whom(port: int) -> str:
    """Only the owner of a process, or root, can see whose port it is."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return ""
    holders = [c.pid for c in connections if c.laddr and c.laddr.port == port and c.pid]
    return f" by pid {holders[0]} ({' '.join(command_of(holders[0]))[:40]})" if holders else ""


def _names(found: list[Part]) -> set[str]:
    return {part.name for part in found}
