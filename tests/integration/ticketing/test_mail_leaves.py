"""Mail to branches: in the box once, whatever dies in between, and never about a person (TK-06)."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from order_parts import Office, Ticketing
from post_parts import (
    WAIT_SECONDS,
    Box,
    a_mail_room,
    at_once,
    comes_true,
    deliveries_of,
    forget,
    free_port,
    poll,
    reach,
    receiving,
    settled,
    tried,
)
from ticketing_facts import CITY, QINGSHI, a_customer, an_agreement, at

from holdfast.organisation import load_into
from services.ticketing.domain.dispatch import order_id_of
from shared.identity import Role

pytestmark = pytest.mark.requirement("TK-06")


@pytest.fixture(autouse=True)
async def nothing_waits(ticketing: Ticketing) -> AsyncGenerator[None]:
    yield
    await forget(ticketing)


async def test_an_order_is_in_the_branchs_box_once_however_often_it_is_told(
    ticketing: Ticketing,
) -> None:
    agreed = an_agreement(a_customer())
    box, port = Box(), free_port()

    order_id = await ticketing.dispatched(agreed)
    await ticketing.handle(agreed)
    with receiving(box, port):
        await comes_true(ticketing, a_mail_room(port), settled(ticketing, order_id))

    [mail] = box.mails
    [[number]] = await ticketing.rows("SELECT number FROM work_order WHERE order_id = $1", order_id)
    assert mail["To"] == "donghu@wangjiang.example"
    assert mail["Subject"] == f"【新工单】{number} 宽带续费，2 月 28 日（周六）18:00 前办结"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] == f"<order-{order_id}@wangjiang.example>"
    assert str(agreed.customer_id) not in mail.as_string()
    [delivery] = await deliveries_of(ticketing, order_id)
    assert mail["Message-ID"] == f"<{delivery['delivery_id']}@wangjiang.example>"
    assert (delivery["state"], delivery["status"], delivery["answer"]) == (
        "delivered",
        250,
        "250 taken",
    )


async def test_a_deadline_is_told_before_and_after_it_and_to_whom_it_is_escalated(
    ticketing: Ticketing, tmp_path: Path
) -> None:
    await reach(ticketing, tmp_path, mail_language="en")
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    box, port = Box(), free_port()

    await ticketing.poll(at(3, 12, month=3))
    with receiving(box, port):
        await comes_true(ticketing, a_mail_room(port), settled(ticketing, order_id))
    await reach(ticketing, tmp_path, mail_language="zh")

    told = [(str(mail["To"]), str(mail["Subject"]).split()[0]) for mail in box.about(order_id)]
    [[number]] = await ticketing.rows("SELECT number FROM work_order WHERE order_id = $1", order_id)
    assert sorted(told) == [
        ("donghu@wangjiang.example", "[Due"),
        ("donghu@wangjiang.example", "[New"),
        ("donghu@wangjiang.example", "[Overdue]"),
        ("donghu@wangjiang.example", "[Overdue]"),
        ("group@wangjiang.example", f"【已超时】{number}"),
    ]


async def test_an_order_that_is_sent_back_or_goes_elsewhere_is_told_to_its_branch(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await office.completed(order_id)
    await office.dispatcher.does(order_id, "send-back", note="call 13812348000: wrong number")
    await office.clerk.does(order_id, "return", reason="not_ours", note="moved away")
    await office.dispatcher.does(order_id, "redispatch", county=QINGSHI)
    box, port = Box(), free_port()

    with receiving(box, port):
        await comes_true(ticketing, a_mail_room(port), settled(ticketing, order_id))

    mails = box.about(order_id)
    told = {str(mail["To"]): str(mail["Subject"]) for mail in mails[1:]}
    assert len(mails) == 3
    assert "核实未通过：call ***: wrong number" in told["donghu@wangjiang.example"]
    assert "【新工单】" in told["qingshi@wangjiang.example"]


async def test_a_worker_that_dies_after_sending_leaves_it_to_be_sent_again_as_the_same_mail(
    ticketing: Ticketing,
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    box, port = Box(), free_port()

    with receiving(box, port):
        dead = a_mail_room(port)
        await poll(ticketing, dead)
        await asyncio.to_thread(box.filled.wait, WAIT_SECONDS)  # nobody polls: no receipt comes
        await poll(ticketing, a_mail_room(port))
        assert len(box.mails) == 1, "its lease still runs"
        await at_once(ticketing, order_id)
        await comes_true(ticketing, a_mail_room(port), settled(ticketing, order_id))

    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]
    [delivery] = await deliveries_of(ticketing, order_id)
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 2)


async def test_while_the_mail_server_is_away_orders_go_on_and_mails_wait(
    ticketing: Ticketing,
) -> None:
    box, port = Box(), free_port()
    room = a_mail_room(port)
    first = await ticketing.dispatched(an_agreement(a_customer()))
    await comes_true(ticketing, room, tried(ticketing, first, 1))
    [waits] = await deliveries_of(ticketing, first)
    assert (waits["state"], waits["attempts"]) == ("waiting", 1)
    assert "127.0.0.1" in waits["answer"]

    second = await ticketing.dispatched(an_agreement(a_customer()))
    with receiving(box, port):
        await at_once(ticketing, first)
        await comes_true(ticketing, room, settled(ticketing, first, second))

    assert len(box.mails) == 2


async def test_a_mail_server_that_says_nothing_holds_up_no_poll(ticketing: Ticketing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        room = a_mail_room(silent.getsockname()[1])
        order_id = await ticketing.dispatched(an_agreement(a_customer()))
        assert await poll(ticketing, room) == 1
        other = await ticketing.dispatched(an_agreement(a_customer()))
        assert await poll(ticketing, room) == 0, "its one lane is taken"
        connection, _ = await asyncio.to_thread(silent.accept)
        connection.close()
    await comes_true(ticketing, room, tried(ticketing, order_id, 1))
    assert [one["state"] for one in await deliveries_of(ticketing, other)] == ["waiting"]


async def test_two_workers_send_each_mail_once(ticketing: Ticketing) -> None:
    agreed = [an_agreement(a_customer()) for _ in range(12)]
    await ticketing.handle_together(*agreed)
    orders = [order_id_of(str(one.agreement_id)) for one in agreed]
    box, port = Box(), free_port()

    with receiving(box, port):
        await asyncio.gather(
            *(
                comes_true(ticketing, a_mail_room(port), settled(ticketing, *orders))
                for _ in range(2)
            )
        )

    assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 12


async def test_a_mail_that_was_refused_says_so_and_can_be_sent_again(
    ticketing: Ticketing, office: Office
) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    other = await ticketing.dispatched(an_agreement(a_customer()))
    box, port = Box(answer="550 no such mailbox"), free_port()
    room = a_mail_room(port)
    ask = office.client

    with receiving(box, port):
        await comes_true(ticketing, room, settled(ticketing, order_id, other))
        [delivery] = await deliveries_of(ticketing, order_id)
        path = f"/v1/deliveries/{delivery['delivery_id']}/send-again"
        refused = await ask.post(path, headers=office.clerk.headers())
        away = office.person("dispatcher-98", Role.DISPATCHER, "9802")
        unseen = await ask.post(path, headers=away.headers())
        box.answer = "250 OK"
        again = await ask.post(path, headers=office.dispatcher.headers())
        twice = await ask.post(path, headers=office.dispatcher.headers())
        await comes_true(ticketing, room, settled(ticketing, order_id))

    assert [refused.status_code, unseen.status_code] == [403, 404]
    assert [answer.json()["state"] for answer in (again, twice)] == ["waiting", "waiting"]
    wanted = {"order_no": delivery["order_no"]}
    engineer = office.person("platform-1", Role.PLATFORM_ENGINEER, CITY[:2])
    read = await ask.get("/v1/deliveries", params=wanted, headers=engineer.headers())
    [shown] = read.json()["items"]
    assert (shown["state"], shown["sent_to"]) == ("delivered", "donghu@wangjiang.example")
    answers = [(one["outcome"], one["status"]) for one in shown["receipts"]]
    assert answers == [("delivered", 250), ("refused", 550)]
    assert "no such mailbox" in shown["receipts"][1]["answer"]


async def test_a_branch_sees_what_was_told_to_itself_page_by_page(
    ticketing: Ticketing, office: Office
) -> None:
    own = [await ticketing.dispatched(an_agreement(a_customer())) for _ in range(3)]
    foreign = await ticketing.dispatched(an_agreement(a_customer(), county=QINGSHI))
    seen: list[str] = []
    wanted: dict[str, str] = {"state": "waiting", "limit": "2"}

    while True:
        answer = await office.client.get(
            "/v1/deliveries", params=wanted, headers=office.clerk.headers()
        )
        page = answer.json()
        seen += [one["order_id"] for one in page["items"]]
        if not page["next_cursor"]:
            break
        wanted["cursor"] = page["next_cursor"]

    assert seen == [str(order_id) for order_id in reversed(own)]
    assert str(foreign) not in seen


async def test_an_older_organisation_file_brings_no_mailbox_back(
    ticketing: Ticketing, tmp_path: Path
) -> None:
    await reach(ticketing, tmp_path, mailbox=None)
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await asyncio.to_thread(load_into, ticketing.urls["migrate"])
    other = await ticketing.dispatched(an_agreement(a_customer()))
    await reach(ticketing, tmp_path)

    assert await deliveries_of(ticketing, order_id) == await deliveries_of(ticketing, other) == []
