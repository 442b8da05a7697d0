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
from shared.events.catalogue import TOPICS
from shared.kafka_topics import topic_ids

app = typer.Typer(help="Positions of a service's workers in Kafka's logs.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Positions of a service's workers in Kafka's logs."""


@app.command()
def move(
    service: Annotated[str, typer.Argument(help=f"one of {', '.join(SERVICES)}")],
    topic: str,
    partition: Annotated[int | None, typer.Argument(help="all if left out")] = None,
    *,
    to: Annotated[str, typer.Option(help="earliest, latest, or an offset")],
) -> None:
    """Place a position anew: what lies before it is given up. Workers take it up by themselves.

    Uses HOLDFAST_KAFKA and HOLDFAST_<SERVICE>_WORKER_DATABASE_URL, else the local stack.

    Example: holdfast positions move points holdfast.billing.v1 7 --to earliest
    """
    partitions = {known.name: known.partitions for known in TOPICS}
    if topic not in partitions:
        raise typer.BadParameter(f"{topic} is not in the catalogue")
    wanted = range(partitions[topic]) if partition is None else (partition,)
    places = [TopicPartition(topic, number) for number in wanted]
    kafka, url = _addresses(service)
    moved = asyncio.run(_move(kafka, url, places, to=to))
    if not moved:
        typer.echo(f"{service} holds no position there", err=True)
        raise typer.Exit(1)
    for place, offset in moved.items():
        typer.echo(f"{place.topic}[{place.partition}] goes on at {offset}")
    typer.echo("`holdfast restart` what stands")


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


async def _move(
    kafka: str, url: str, places: list[TopicPartition], *, to: str
) -> dict[TopicPartition, int]:
    """Where each place that the service has a position of goes on, all of them or none."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.split(","))
    engine = create_engine(url, application="holdfast-positions", pool_size=1)
    await consumer.start()
    try:
        match to:
            case "earliest":
                offsets = await consumer.beginning_offsets(places)
            case "latest":
                offsets = await consumer.end_offsets(places)
            case _:
                offsets = dict.fromkeys(places, int(to))
        ids = await asyncio.to_thread(topic_ids, kafka, {place.topic for place in places})
        moved: dict[TopicPartition, int] = {}
        async with engine.connect() as connection, connection.begin():
            for place in places:
                id_ = ids[place.topic]
                for claim in await positions.move(connection, place, id_, to=offsets[place]):
                    moved[place] = claim.next_offset
    finally:
        await consumer.stop()
        await engine.dispose()
    return moved
