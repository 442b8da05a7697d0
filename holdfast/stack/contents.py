"""Checks of what the servers hold: topics, schemas, and positions that belong to the topics."""

import asyncio
from collections.abc import Iterator
from importlib import import_module
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from holdfast import topics
from holdfast.stack import parts
from holdfast.stack.finding import Finding
from holdfast.stack.state import SERVICES, StackState
from shared.database import create_engine
from shared.kafka_topics import topic_ids
from shared.revision import SchemaMismatch, SchemaRange, require_revision

ANSWER_SECONDS = 10.0

_TOPICS_OF_POSITIONS = text("SELECT DISTINCT topic, topic_id FROM position ORDER BY topic")


def topics_as_catalogued(state: StackState) -> Iterator[Finding]:
    """Every topic is there, with its partitions and settings."""
    try:
        with topics.cluster(state.kafka) as client:
            there = topics.read(client)
    except topics.TopicsRefused as refused:
        yield Finding("topics", str(refused), _kafka_remedy(state))
        return
    for found in topics.differences(there, kafka=state.kafka, copies=state.copies):
        yield Finding("topics", f"{found.topic} {found.what}", found.remedy)


def schemas_and_positions(state: StackState) -> Iterator[Finding]:
    """Every schema is as new as its code, every position belongs to the topic that is there."""
    for service in SERVICES:
        found = asyncio.run(asyncio.wait_for(_asked(state, service), ANSWER_SECONDS))
        if isinstance(found, Finding):
            yield found
        elif state.has_kafka:
            yield from _made_anew(state, service, found)


async def _asked(state: StackState, service: str) -> dict[str, UUID] | Finding:
    """The topics of a service's positions, or why it cannot be asked."""
    schema: SchemaRange = import_module(f"services.{service}.settings").SCHEMA
    url = parts.role_url(state, service, "worker")
    engine = create_engine(url, application="holdfast-doctor", pool_size=1)
    try:
        await require_revision(engine, schema)
        return await _topics_of_positions(engine)
    except SchemaMismatch as mismatch:
        # The worker may stand for this very reason, and stands until somebody says otherwise.
        remedy = f"holdfast migrate {service} && holdfast restart {parts.worker_name(service)}"
        return Finding(f"schema {service}", str(mismatch), remedy)
    except (OSError, SQLAlchemyError, asyncpg.PostgresError) as fault:
        return Finding(
            f"schema {service}", f"cannot be read: {fault}", "holdfast down; holdfast up"
        )
    finally:
        await engine.dispose()


async def _topics_of_positions(engine: AsyncEngine) -> dict[str, UUID]:
    async with engine.connect() as connection:
        rows = await connection.execute(_TOPICS_OF_POSITIONS)
        return {row.topic: row.topic_id for row in rows}


def _made_anew(state: StackState, service: str, known: dict[str, UUID]) -> Iterator[Finding]:
    present = topic_ids(state.kafka, known)
    for topic, noted in known.items():
        if topic in present and present[topic] != noted:
            yield Finding(
                f"positions {service}",
                f"{topic} was made anew since; if the old records are gone for good, accept it",
                f"holdfast positions move {service} {topic} --to earliest"
                f" && holdfast restart {parts.worker_name(service)}",
            )


def _kafka_remedy(state: StackState) -> str:
    if state.kafka_address:
        return "holdfast down; holdfast up --kafka HOST:PORT"
    return "holdfast down; holdfast up"
