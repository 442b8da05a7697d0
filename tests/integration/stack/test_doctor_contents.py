"""Servers that run and hold the wrong things: found, and mended by typing."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from kafka.admin import KafkaAdminClient
from stack_parts import RESTART_SECONDS, Stack

from holdfast import roles, topics
from holdfast.stack import parts
from holdfast.stack.process import wait_until
from holdfast.stack.state import SERVICES
from shared.migrations.runner import upgrade

pytestmark = pytest.mark.timeout(180)

BILLING = "holdfast.billing.v1"
UNREAD = "holdfast.deadletters.v1"  # no service reads it, so no position is lost with it
IN_A_ROW = 20


def _in_kafka(stack: Stack, act: Callable[[KafkaAdminClient], object]) -> None:
    with topics.cluster(stack.state.kafka) as client:
        act(client)


def _in_database(stack: Stack, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(parts.superuser_url(stack.state))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


async def _send_what_is_no_bill(stack: Stack) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.state.kafka)
    await producer.start()
    for _ in range(IN_A_ROW):
        await producer.send_and_wait(BILLING, b"no bill", partition=0)
    await producer.stop()


def test_a_missing_topic_is_created(stack: Stack) -> None:
    _in_kafka(stack, lambda client: topics.delete(client, [UNREAD]))

    assert stack.finding("topics")["what"] == f"{UNREAD} is missing"

    stack.is_mended_by_what_the_doctor_says()


def test_a_topic_with_another_number_of_partitions_is_made_anew(stack: Stack) -> None:
    _in_kafka(stack, lambda client: client.create_partitions({UNREAD: 5}))

    assert stack.finding("topics")["what"] == f"{UNREAD} has 5 partitions instead of 4"

    stack.is_mended_by_what_the_doctor_says()


def test_a_topic_that_was_made_anew_is_accepted_by_an_operator(stack: Stack) -> None:
    _in_kafka(stack, lambda client: topics.remake(client, BILLING, discard=True))

    assert f"{BILLING} was made anew" in stack.finding("positions points")["what"]

    stack.is_mended_by_what_the_doctor_says()


def test_a_worker_that_dead_letters_stopped_goes_on_after_a_look_at_them(stack: Stack) -> None:
    asyncio.run(_send_what_is_no_bill(stack))
    assert wait_until(lambda: stack.status()["worker-points"] == "stopped", RESTART_SECONDS * 2)

    found = stack.finding("worker-points")
    assert f"{IN_A_ROW} messages of {BILLING} in a row" in found["what"]

    stack.is_mended_by_what_the_doctor_says()


def test_a_schema_that_is_behind_is_migrated(stack: Stack) -> None:
    # The positions stay: a worker that reads all again would meet what other tests left.
    _in_database(stack, "CREATE TABLE public.kept AS TABLE points.position")
    _in_database(stack, "DROP SCHEMA points CASCADE")
    state = stack.state
    asyncio.run(roles.bootstrap(parts.superuser_url(state), state.passwords, SERVICES))
    upgrade("points", parts.role_url(state, "points", "migrate"), "0001")
    _in_database(stack, "INSERT INTO points.position TABLE public.kept; DROP TABLE public.kept")
    stack.process("worker-points").stop()
    assert wait_until(lambda: stack.status()["worker-points"] == "stopped", RESTART_SECONDS)

    found = stack.finding("schema points")
    assert "schema points is at revision 0001" in found["what"]

    stack.is_mended_by_what_the_doctor_says()
