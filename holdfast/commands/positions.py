"""`holdfast positions move`: an operator accepts that records are gone."""

import asyncio
import os
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition

from holdfast.stack import parts
from holdfast.stack.state import SERVICES, home_folder, load
from shared import positions
from shared.database import create_engine
from shared.kafka_topics import topic_ids

app = typer.Typer(help="Positions of a service's workers in Kafka's logs.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Positions of a service's workers in Kafka's logs."""


@app.command()
def move(
    service: Annotated[str, typer.Argument(help=f"one of {', '.join(SERVICES)}")],
    topic: str,
    partition: int,
    *,
    to: Annotated[str, typer.Option(help="earliest, latest, or an offset")],
) -> None:
    """Place a position anew: what lies before it is given up. Workers take it up by themselves.

    Uses HOLDFAST_KAFKA and HOLDFAST_<SERVICE>_WORKER_DATABASE_URL, else the local stack.

    Example: holdfast positions move points holdfast.billing.v1 7 --to earliest
    """
    kafka, url = _addresses(service)
    moved_to = asyncio.run(_move(kafka, url, TopicPartition(topic, partition), to=to))
    if moved_to is None:
        typer.echo(f"{service} holds no position of {topic}[{partition}]", err=True)
        raise typer.Exit(1)
    typer.echo(f"{topic}[{partition}] goes on at {moved_to}; `holdfast restart` what stands")


def _addresses(service: str) -> tuple[str, str]:
    kafka = os.environ.get("HOLDFAST_KAFKA")
    url = os.environ.get(f"HOLDFAST_{service.upper()}_WORKER_DATABASE_URL")
    state = load(home_folder(None))
    if service not in SERVICES or (state is None and not (kafka and url)):
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}, with a stack that is up")
    if state is not None:
        kafka = kafka or state.kafka
        url = url or parts.role_url(state, service, "worker")
    return str(kafka), str(url)


async def _move(kafka: str, url: str, tp: TopicPartition, *, to: str) -> int | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.split(","))
    engine = create_engine(url, application="holdfast-positions", pool_size=1)
    await consumer.start()
    try:
        match to:
            case "earliest":
                offset = (await consumer.beginning_offsets([tp]))[tp]
            case "latest":
                offset = (await consumer.end_offsets([tp]))[tp]
            case _:
                offset = int(to)
        ids = await asyncio.to_thread(topic_ids, kafka, [tp.topic])
        async with engine.connect() as connection, connection.begin():
            moved = await positions.move(connection, tp, ids[tp.topic], to=offset)
    finally:
        await consumer.stop()
        await engine.dispose()
    return moved[0].next_offset if moved else None
