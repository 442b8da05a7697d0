"""Facts as rows of the transaction that made them true."""

import asyncio

import pytest
from out_parts import OutTopic, Schema

from shared.database import unit_of_work
from shared.outbox import waker_of

LINKS = """
    SELECT o.event_id, l.cause_id, l.cause_type, l.type, l.subject
    FROM outbox o JOIN event_link l USING (event_id) ORDER BY o.id
"""


async def test_ids_follow_the_order_of_emission_and_each_fact_has_its_link(
    schema: Schema, topic: OutTopic
) -> None:
    records = [topic.record(key=str(n)) for n in range(500)]
    await schema.emit(*records)

    assert await schema.rows(LINKS) == [
        (record.event_id, "cause", "cause.v1", "effect.v1", "lot/1") for record in records
    ]


async def test_a_record_is_kept_as_it_will_leave(schema: Schema, topic: OutTopic) -> None:
    named, keyed = topic.record(partition=3, value=b"\x00\xff"), topic.record(key="客户")
    await schema.emit(named, keyed)

    assert await schema.rows(
        "SELECT partition, key, headers ->> 'ce_id', value FROM outbox ORDER BY id"
    ) == [
        (3, None, str(named.event_id), b"\x00\xff"),
        (None, "客户", str(keyed.event_id), b"{}"),
    ]


async def test_what_is_rolled_back_leaves_no_fact_and_no_link(
    schema: Schema, topic: OutTopic
) -> None:
    engine = schema.engine()

    async def fail_after_writing() -> None:
        async with unit_of_work(engine) as uow:
            uow.emit_records([topic.record()])
            await uow.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_writing()

    assert await schema.rows("SELECT FROM outbox") == []
    assert await schema.rows("SELECT FROM event_link") == []


async def test_a_commit_wakes_the_relay_of_its_process(schema: Schema, topic: OutTopic) -> None:
    engine = schema.engine()
    waiting = asyncio.create_task(waker_of(engine).wait(60))

    await schema.emit(topic.record(), engine=engine)

    await asyncio.wait_for(waiting, 1)


async def test_the_web_role_may_write_facts_too(schema: Schema, topic: OutTopic) -> None:
    await schema.emit(topic.record(), engine=schema.engine("web"))
    assert await schema.rows("SELECT count(*) FROM outbox") == [(1,)]


async def test_todays_facts_lie_in_todays_partition(schema: Schema, topic: OutTopic) -> None:
    """So that a day can be dropped whole."""
    await schema.emit(topic.record())
    [(table, today)] = await schema.rows(
        "SELECT tableoid::regclass::text, to_char(current_date, 'YYYYMMDD') FROM outbox"
    )
    assert table == f"outbox_{today}"
