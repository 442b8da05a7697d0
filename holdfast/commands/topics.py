"""`holdfast topics create|diff|remake`: the catalogue's topics in a Kafka cluster."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from kafka.admin import KafkaAdminClient

from holdfast import topics as cluster_topics

Kafka = Annotated[str, typer.Option(envvar="HOLDFAST_KAFKA", help="Brokers: HOST:PORT[,…]")]
Replication = Annotated[
    int | None,
    typer.Option(min=1, help="Copies of each partition; without it the brokers' own default"),
]

app = typer.Typer(
    name="topics",
    help="Kafka topics as the catalogue has them.",
    no_args_is_help=True,
)


@app.command()
def create(
    kafka: Kafka,
    replication: Replication = None,
    *,
    settings: Annotated[
        bool, typer.Option("--settings", help="Also set the settings of topics that are there")
    ] = False,
) -> None:
    """Create the topics that are missing. Run it as often as you like.

    Example: holdfast topics create --kafka 127.0.0.1:9092 --replication 3
    """
    with _client(kafka) as client:
        made = cluster_topics.create_missing(client, replication)
        changed = cluster_topics.set_settings(client, replication) if settings else []
    for name in made:
        print(f"created   {name}")
    for name in changed:
        print(f"settings  {name}")
    if not made and not changed:
        print("every topic was there")


@app.command()
def diff(
    kafka: Kafka,
    replication: Replication = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
) -> None:
    """Say where topics are not as the catalogue has them, and what to type; 1 if there is any.

    Example: holdfast topics diff --kafka 127.0.0.1:9092 --json
    """
    with _client(kafka) as client:
        found = cluster_topics.differences(
            cluster_topics.read(client), kafka=kafka, copies=replication
        )
    if as_json:
        print(json.dumps([asdict(difference) for difference in found], indent=2))
    elif not found:
        print("every topic is as the catalogue has it")
    else:
        for difference in found:
            print(f"{difference.topic} {difference.what}\n  mend it: {difference.remedy}")
    if found:
        raise typer.Exit(1)


@app.command()
def remake(
    topic: Annotated[str, typer.Argument(help="The topic's name, as `diff` shows it")],
    kafka: Kafka,
    replication: Replication = None,
    *,
    discard_records: Annotated[
        bool, typer.Option("--discard-records", help="Even if it holds records, which are lost")
    ] = False,
) -> None:
    """Delete a topic and create it anew, because its number of partitions never changes in place.

    Example: holdfast topics remake holdfast.points.v1 --kafka 127.0.0.1:9092
    """
    with _client(kafka) as client:
        cluster_topics.remake(client, topic, copies=replication, discard=discard_records)
    print(f"created   {topic}")


@contextmanager
def _client(kafka: str) -> Generator[KafkaAdminClient]:
    try:
        with cluster_topics.cluster(kafka) as client:
            yield client
    except cluster_topics.TopicsRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
