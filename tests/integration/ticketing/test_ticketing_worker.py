"""The worker of ticketing on a real Kafka: from a log into another, its poller beside it."""

from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from doorway_parts import Doorway, comes_to, record_of
from order_parts import Ticketing
from post_parts import Box, free_port, receiving
from service_worker import listening, working
from ticketing_facts import a_customer, a_request, an_agreement

from services.ticketing.domain.dispatch import counter_order_id_of, order_id_of
from shared.events.catalogue import TICKETING
from shared.events.event import EventId
from shared.events.partition import partition_of

# Longer than any closure, so that its deadline has passed on whatever day this runs.
LONG_AGO = datetime.now(UTC) - timedelta(days=20)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """The mail server that the worker is told of."""
    box, port = Box(), free_port()
    with receiving(box, port), pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOLDFAST_SMTP", f"smtp://127.0.0.1:{port}")
        yield box


@pytest.fixture(scope="module")
def worker(
    ticketing: Ticketing, doorway: Doorway, box: Box, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    assert not box.mails
    kafka, url = doorway.parts.broker.address, ticketing.urls["worker"]
    log = tmp_path_factory.mktemp("ticketing") / "worker.log"
    with working("ticketing", kafka=kafka, database_url=url, log=log):
        yield


@pytest.fixture
async def told(doorway: Doorway) -> AsyncGenerator[AIOKafkaConsumer]:
    """What ticketing tells the others, from its topic's beginning on."""
    async with listening(doorway.parts.broker.address) as consumer:
        yield consumer


@pytest.mark.usefixtures("worker")
@pytest.mark.requirement("TK-01", "TK-02", "TK-06", "TK-16")
async def test_an_agreement_in_the_log_is_dispatched_once_and_broken_when_it_is_late(
    ticketing: Ticketing, doorway: Doorway, told: AIOKafkaConsumer, box: Box
) -> None:
    agreed = an_agreement(a_customer(), at=LONG_AGO)
    again = agreed.model_copy(update={"event_id": EventId(uuid4())})
    asked = a_request(agreed.customer_id, at=LONG_AGO)
    order_id = order_id_of(str(agreed.agreement_id))
    place = TopicPartition(TICKETING.name, partition_of(agreed.customer_id))

    await doorway.send(*map(record_of, (agreed, agreed, again, asked)))

    async def history() -> list[str]:
        return await ticketing.history(order_id)

    passed = ["dispatch", "warn", "breach", "escalate"]
    await comes_to(history, passed, seconds=60)
    told.assign([place])
    names: list[str] = []

    async def names_told() -> list[str]:
        for records in (await told.getmany(timeout_ms=200)).values():
            headers = [dict(record.headers) for record in records]
            names.extend(
                found["ce_type"].decode()
                for found in headers
                if found["ce_subject"].decode() == f"order/{order_id}"
            )
        return names

    await comes_to(
        names_told,
        [
            "ticketing.work_order_dispatched.v1",
            "ticketing.deadline_breached.v1",
            "ticketing.escalated.v1",
            "ticketing.escalated.v1",
        ],
    )
    assert await ticketing.state(counter_order_id_of(asked.customer_id, asked.request_id)) == "new"

    async def mailed() -> list[str]:
        return sorted(str(mail["Subject"]).split("】")[0] for mail in box.about(order_id))

    # The department is told as well when it is escalated to.
    await comes_to(mailed, ["【即将超时", "【已超时", "【已超时", "【已超时", "【新工单"])
