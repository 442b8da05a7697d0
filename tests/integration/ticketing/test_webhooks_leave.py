"""Webhooks: signed so that anybody can verify them, never where they must not go (TK-06)."""

import base64
import json
from collections.abc import AsyncGenerator
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

import pytest
from order_parts import Office, Ticketing
from post_parts import (
    Endpoint,
    answering,
    at_once,
    comes_true,
    deliveries_of,
    forget,
    poll,
    reach,
    settled,
    tried,
    webhook_to,
)
from standardwebhooks import Webhook, WebhookVerificationError
from ticketing_facts import a_customer, an_agreement

from services.ticketing.domain.notices import Channel
from services.ticketing.handlers.poll_deliveries import PostRoom
from services.ticketing.handlers.post_webhook import Poster

pytestmark = pytest.mark.requirement("TK-06")

LOOPBACK = ip_network("127.0.0.0/8")
KEY, NEW_KEY, STRANGER = (
    f"whsec_{base64.b64encode(letter * 24).decode()}" for letter in (b"a", b"b", b"c")
)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "branch").write_text(KEY)
    return folder


@pytest.fixture(autouse=True)
async def nothing_waits(ticketing: Ticketing) -> AsyncGenerator[None]:
    yield
    await forget(ticketing)


def a_post_room(secrets: Path, *, anywhere: bool = True) -> PostRoom:
    allowed = (LOOPBACK,) if anywhere else ()
    poster = Poster(secrets, allowed, "https://holdfast.example")
    return PostRoom({Channel.WEBHOOK: poster}, look_seconds=0)


async def posted(ticketing: Ticketing, order_id: UUID) -> dict[str, object]:
    """The webhook's delivery; mails wait, for there is no mail server."""
    found = await deliveries_of(ticketing, order_id)
    [webhook] = [one for one in found if one["channel"] == "webhook"]
    return webhook


async def an_order(ticketing: Ticketing) -> UUID:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await ticketing.rows(
        "UPDATE delivery SET state = 'failed', settled_at = now()"
        " WHERE order_id = $1 AND channel = 'mail'",
        order_id,
    )
    return order_id


async def test_a_receiver_verifies_what_it_is_sent_and_learns_of_no_person(
    ticketing: Ticketing, secrets: Path, tmp_path: Path
) -> None:
    with answering(Endpoint()) as endpoint:
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        agreed = an_agreement(a_customer())
        order_id = await ticketing.dispatched(agreed)
        room = a_post_room(secrets)
        await comes_true(ticketing, room, tried(ticketing, order_id, 1))

    [(headers, body)] = endpoint.received
    told = Webhook(KEY).verify(body, headers)
    delivery = await posted(ticketing, order_id)
    assert headers["webhook-id"] == str(delivery["delivery_id"])
    assert told["type"] == "work_order.new"
    assert told["data"]["order_id"] == str(order_id)
    assert told["data"]["number"] == delivery["order_no"]
    assert str(agreed.customer_id) not in body.decode()
    assert agreed.manager not in body.decode()
    assert headers["Host"] == f"127.0.0.1:{endpoint.port}"
    assert (delivery["state"], delivery["answer"]) == ("delivered", "204 No Content")
    with pytest.raises(WebhookVerificationError):
        Webhook(STRANGER).verify(body, headers)


async def test_while_a_key_is_changed_both_verify(
    ticketing: Ticketing, secrets: Path, tmp_path: Path
) -> None:
    (secrets / "branch").write_text(f"{NEW_KEY}\n{KEY}\n")
    with answering(Endpoint()) as endpoint:
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        order_id = await an_order(ticketing)
        await comes_true(ticketing, a_post_room(secrets), settled(ticketing, order_id))

    [(headers, body)] = endpoint.received
    assert Webhook(KEY).verify(body, headers) == Webhook(NEW_KEY).verify(body, headers)


async def test_a_redirect_is_no_success_and_is_not_followed(
    ticketing: Ticketing, secrets: Path, tmp_path: Path
) -> None:
    with answering(Endpoint()) as inside, answering(Endpoint(status=307)) as endpoint:
        endpoint.headers["Location"] = f"http://127.0.0.1:{inside.port}/admin"
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        order_id = await an_order(ticketing)
        await comes_true(ticketing, a_post_room(secrets), tried(ticketing, order_id, 1))

    delivery = await posted(ticketing, order_id)
    assert inside.received == []
    assert (delivery["state"], delivery["status"]) == ("waiting", 307)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
async def test_a_name_that_leads_inside_is_never_spoken_to(
    ticketing: Ticketing, secrets: Path, tmp_path: Path, host: str
) -> None:
    with answering(Endpoint()) as endpoint:
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port, host=host))
        order_id = await an_order(ticketing)
        room = a_post_room(secrets, anywhere=False)
        await comes_true(ticketing, room, settled(ticketing, order_id))

    delivery = await posted(ticketing, order_id)
    assert endpoint.received == []
    assert delivery["state"] == "failed"
    assert "HOLDFAST_WEBHOOK_NETWORKS" in str(delivery["answer"])


async def test_an_endpoint_that_is_gone_is_disabled_until_a_newer_file_names_it_again(
    ticketing: Ticketing, secrets: Path, tmp_path: Path, office: Office
) -> None:
    room = a_post_room(secrets)
    with answering(Endpoint(status=410)) as endpoint:
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        first = await an_order(ticketing)
        await comes_true(ticketing, room, settled(ticketing, first))
        second = await an_order(ticketing)
        await poll(ticketing, room)

        later = await posted(ticketing, second)
        assert len(endpoint.received) == 1
        assert (later["state"], later["attempts"]) == ("failed", 0)
        assert "410" in str(later["answer"])

        endpoint.status = 200
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        await office.client.post(
            f"/v1/deliveries/{later['delivery_id']}/send-again",
            headers=office.dispatcher.headers(),
        )
        await comes_true(ticketing, room, settled(ticketing, second))

    assert (await posted(ticketing, second))["state"] == "delivered"


async def test_an_endpoint_is_given_the_time_it_asks_for(
    ticketing: Ticketing, secrets: Path, tmp_path: Path
) -> None:
    with answering(Endpoint(status=503, headers={"Retry-After": "3600"})) as endpoint:
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        order_id = await an_order(ticketing)
        room = a_post_room(secrets)
        await comes_true(ticketing, room, tried(ticketing, order_id, 1))
        [[seconds]] = await ticketing.rows(
            """SELECT extract(epoch FROM next_at - now()) FROM delivery
               WHERE order_id = $1 AND channel = 'webhook'""",
            order_id,
        )
        endpoint.status = 200
        await at_once(ticketing, order_id)
        await comes_true(ticketing, room, settled(ticketing, order_id))

    assert 3_500 < seconds <= 3_600
    ids = [headers["webhook-id"] for headers, _ in endpoint.received]
    assert ids[0] == ids[1]


async def test_an_endpoint_that_hangs_holds_up_no_other(
    ticketing: Ticketing, secrets: Path, tmp_path: Path
) -> None:
    room = a_post_room(secrets)
    with answering(Endpoint(hangs=True)) as silent, answering(Endpoint()) as other:
        await reach(ticketing, tmp_path, webhook=webhook_to(silent.port))
        first = await an_order(ticketing)
        await poll(ticketing, room)
        # The city's endpoint hears of the county's orders, too.
        await ticketing.rows(
            """INSERT INTO recipient (unit, channel, address, secret, version)
               VALUES ('9901', 'webhook', $1, 'branch', 1)""",
            f"http://127.0.0.1:{other.port}/city",
        )
        second = await an_order(ticketing)

        async def delivered() -> bool:
            return len(other.received) == 1

        await comes_true(ticketing, room, delivered)
        assert (await posted(ticketing, first))["state"] == "sending"
        silent.free.set()
        await comes_true(ticketing, room, tried(ticketing, first, 1))

    told = {one["unit"]: one["state"] for one in await deliveries_of(ticketing, second)}
    assert told["9901"] == "delivered"


@pytest.mark.parametrize(("content", "because"), [(None, "cannot be read"), ("key", "whsec_")])
async def test_nothing_is_sent_unsigned(
    ticketing: Ticketing, secrets: Path, tmp_path: Path, content: str | None, because: str
) -> None:
    (secrets / "branch").unlink()
    if content:
        (secrets / "branch").write_text(content)
    with answering(Endpoint()) as endpoint:
        await reach(ticketing, tmp_path, webhook=webhook_to(endpoint.port))
        order_id = await an_order(ticketing)
        await comes_true(ticketing, a_post_room(secrets), tried(ticketing, order_id, 1))

    delivery = await posted(ticketing, order_id)
    assert endpoint.received == []
    assert delivery["state"] == "waiting"
    assert because in str(delivery["answer"])
    assert json.loads(str(delivery["notice"]))["kind"] == "new"
