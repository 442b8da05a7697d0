"""The mail server: named by a URL, protected as it says, asked as whom it says (TK-06)."""

from collections.abc import AsyncGenerator

import pytest
from order_parts import Ticketing
from post_parts import (
    Box,
    a_mail_room,
    comes_true,
    deliveries_of,
    forget,
    free_port,
    receiving,
    tried,
)
from ticketing_facts import a_customer, an_agreement

from services.ticketing.handlers.send_mail import NoMailServer, mail_server

pytestmark = pytest.mark.requirement("TK-06")


@pytest.fixture(autouse=True)
async def nothing_waits(ticketing: Ticketing) -> AsyncGenerator[None]:
    yield
    await forget(ticketing)


async def test_a_connection_that_must_be_protected_is_never_a_plain_one(
    ticketing: Ticketing,
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    box, port = Box(), free_port()

    with receiving(box, port):
        room = a_mail_room(port, scheme="smtp+starttls")
        await comes_true(ticketing, room, tried(ticketing, order_id, 1))

    [delivery] = await deliveries_of(ticketing, order_id)
    assert box.mails == []
    assert delivery["state"] == "waiting"
    assert "STARTTLS" in delivery["answer"]


@pytest.mark.parametrize(("password", "state"), [("right", "delivered"), ("wrong", "waiting")])
async def test_a_mail_server_may_ask_who_we_are(
    ticketing: Ticketing, password: str, state: str
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    box, port = Box(), free_port()

    with receiving(box, port, password="right"):  # noqa: S106 - of this test.
        room = a_mail_room(port, user=f"holdfast:{password}@")
        await comes_true(ticketing, room, tried(ticketing, order_id, 1))

    [delivery] = await deliveries_of(ticketing, order_id)
    assert delivery["state"] == state
    assert password not in delivery["answer"]


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525),
        ("smtp+starttls://user:p%40ss@mail.example", "mail.example", 587),
        ("smtps://mail.example", "mail.example", 465),
    ],
)
def test_a_mail_server_is_named_by_a_url(url: str, host: str, port: int) -> None:
    server = mail_server(url)

    assert (server.host, server.port) == (host, port)
    assert server.password in (None, "p@ss")
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize("url", ["http://mail.example", "mail.example:25", "smtp://:x"])
def test_what_names_no_mail_server_says_how_to_write_it(url: str) -> None:
    with pytest.raises(NoMailServer, match="HOLDFAST_SMTP"):
        mail_server(url)
