"""A service's worker on a database of the tests and a real Kafka, and what it tells there."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from holdfast.stack.ports import free_ports

STOP_SECONDS = 20


@contextmanager
def working(service: str, *, kafka: str, database_url: str, log: Path) -> Generator[None]:
    """A running worker; its stop must be clean."""
    environment = os.environ | {
        "HOLDFAST_KAFKA": kafka,
        f"HOLDFAST_{service.upper()}_WORKER_DATABASE_URL": database_url,
        "HOLDFAST_HEALTH_PORT": str(free_ports(1)[0]),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}.worker"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        yield
    finally:
        process.terminate()
        code = process.wait(STOP_SECONDS)
    assert code == 0, log.read_text()[-2000:]


@asynccontextmanager
async def listening(kafka: str) -> AsyncGenerator[AIOKafkaConsumer]:
    """A consumer that reads whatever it is assigned from the beginning on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
