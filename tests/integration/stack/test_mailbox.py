"""The mailbox of a desk: it keeps what it is sent and shows it as it is, never as markup."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from aiosmtplib import SMTP

from holdfast import mailbox
from holdfast.mailbox import Mailbox
from holdfast.stack.ports import free_ports
from holdfast.stack.process import wait_until
from holdfast.stack.readiness import ready

START_SECONDS = 30.0
FORGED = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Running:
    folder: Path
    smtp_port: int
    page_port: int

    async def takes(self, subject: str, body: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = (
            "holdfast@x.example",
            "donghu@x.example",
            subject,
        )
        mail.set_content(body)
        async with SMTP(hostname="127.0.0.1", port=self.smtp_port, start_tls=False) as client:
            await client.send_message(mail)

    async def shows(self, path: str) -> httpx2.Response:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{self.page_port}{path}")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("mailbox")
    smtp_port, page_port = free_ports(2)
    environment = os.environ | {
        "HOLDFAST_MAILBOX": str(folder),
        "HOLDFAST_SMTP_PORT": str(smtp_port),
        "HOLDFAST_HEALTH_PORT": str(page_port),
    }
    process = subprocess.Popen([sys.executable, "-m", "holdfast", "mailbox"], env=environment)
    try:
        assert wait_until(lambda: ready(page_port), START_SECONDS)
        yield Running(folder, smtp_port, page_port)
    finally:
        process.terminate()
        assert process.wait(START_SECONDS) == 0


async def test_a_mail_is_kept_and_shown_as_it_is(box: Running) -> None:
    assert "还没有邮件" in (await box.shows("/")).text
    await box.takes(f"【新工单】260305-000131 {FORGED}", f"请在 18:00 前完成 {FORGED}")

    listed = await box.shows("/")
    [name] = Mailbox(box.folder).names()
    opened = await box.shows(f"/mails/{name}")
    source = await box.shows(f"/mails/{name}/source")

    assert "【新工单】260305-000131" in listed.text
    assert "请在 18:00 前完成" in opened.text
    assert FORGED not in listed.text + opened.text
    assert "script" not in listed.headers["Content-Security-Policy"]
    assert source.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("name", ["none", "..%2F..%2Fstate.json", "%00"])
async def test_a_name_from_outside_opens_nothing_else(box: Running, name: str) -> None:
    assert (await box.shows(f"/mails/{name}")).status_code == 404


def test_the_oldest_mails_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAILS_MAX", 3)
    monkeypatch.setattr(mailbox, "LOOK_EVERY", 5)
    kept = Mailbox(tmp_path)

    names = [kept.keep(b"Subject: x\n\n") for _ in range(5)]

    assert kept.names() == names[:1:-1]


async def test_what_is_no_mail_is_shown_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    kept = Mailbox(tmp_path)
    await asyncio.to_thread(
        kept.keep, b"Subject: =?x-none?b?gg==?=\nContent-Type: text/x; charset=q\n\n\xff"
    )
    transport = httpx2.ASGITransport(mailbox.inbox(kept))

    async with httpx2.AsyncClient(transport=transport, base_url="http://box") as client:
        opened = await client.get(f"/mails/{kept.names()[0]}")

    assert opened.status_code == 200
