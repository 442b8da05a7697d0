"""The simulator speaks to parts of its own machine, whatever the environment says of proxies."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from holdfast.simulation.gateway import connect
from holdfast.simulation.metrics import said_at


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"holdfast_ready 1.0")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own.
        """Nobody reads it here."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def test_a_proxy_of_the_environment_is_not_asked_for_parts_of_this_machine(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async with connect(port) as client:
        assert (await client.get("/")).status_code == 200
    assert said_at(port) == "holdfast_ready 1.0"
