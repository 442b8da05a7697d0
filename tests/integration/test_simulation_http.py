"""The simulator and the parts of a stack speak to each other past every proxy, come what may."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx2
import pytest

from holdfast.simulation.gateway import connect
from holdfast.simulation.metrics import said_at
from holdfast.stack.parts import past_proxies

SAID = "holdfast_ready 1.0"


class Answering(BaseHTTPRequestHandler):
    promised_bytes = len(SAID)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(self.promised_bytes))
        self.end_headers()
        self.wfile.write(SAID.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own.
        """Nobody reads it here."""


class Dying(Answering):
    promised_bytes = len(SAID) + 1


@contextmanager
def serving(handler: type[Answering]) -> Generator[int]:
    """The port of a server that lives as long as this."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def test_a_proxy_of_the_environment_is_not_asked_for_parts_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with serving(Answering) as port:
        async with connect(port) as client:
            assert (await client.get("/")).status_code == 200
        assert said_at(port) == SAID


async def test_parts_of_a_stack_find_each_other_past_a_proxy_and_keep_what_was_excepted_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.example")
    for name, hosts in past_proxies(os.environ).items():
        monkeypatch.setenv(name, hosts)

    with serving(Answering) as port:
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
    assert os.environ["NO_PROXY"].startswith("intranet.example,")


def test_a_process_that_ends_while_it_answers_has_said_nothing() -> None:
    with serving(Dying) as port:
        assert said_at(port) == ""
    assert said_at(port) == ""
