"""Toxiproxy between the workers and the servers: cuts and delays (the long form only)."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from holdfast.stack.ports import answers, free_ports
from holdfast.stack.process import ProcessId, spawn, wait_until

MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server@latest"
BUILD_SECONDS = 300
READY_SECONDS = 10.0
REQUEST_SECONDS = 5.0


class NoProxy(Exception):  # noqa: N818 - the message says what to do.
    """The fault proxy is not here and cannot be built."""


def binary() -> Path:
    """The proxy's program, built into the cache the first time.

    Raises:
        NoProxy: there is no Go to build it with, or the build failed.
    """
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "holdfast" / "toxiproxy"
    )
    program = cache / "server"
    if program.exists():
        return program
    if shutil.which("go") is None:
        raise NoProxy(
            "cuts and delays go through Toxiproxy, which is built with Go, and there is no `go` "
            "here. Install Go, or run `holdfast chaos` without --toxiproxy."
        )
    built = subprocess.run(
        ["go", "install", MODULE],
        env=os.environ | {"GOBIN": str(cache)},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if built.returncode != 0:
        raise NoProxy(f"`go install {MODULE}` failed:\n{built.stderr[-800:]}")
    return program


class Toxics:
    """One proxy process; `routes` maps a name to (port for clients, port of the server)."""

    def __init__(self, folder: Path, routes: Mapping[str, tuple[int, int]]) -> None:
        (self._port,) = free_ports(1)
        self._folder = folder
        self._routes = routes
        self._process: ProcessId | None = None

    def start(self) -> None:
        """Start and open the routes.

        Raises:
            NoProxy: it does not answer.
        """
        command = [str(binary()), "-host", "127.0.0.1", "-port", str(self._port)]
        self._process = spawn(command, log=self._folder / "toxiproxy.log")
        if not wait_until(lambda: answers("127.0.0.1", self._port), READY_SECONDS):
            raise NoProxy(f"Toxiproxy does not answer; look at {self._folder / 'toxiproxy.log'}")
        for name, (listen, upstream) in self._routes.items():
            body = {
                "name": name,
                "listen": f"127.0.0.1:{listen}",
                "upstream": f"127.0.0.1:{upstream}",
                "enabled": True,
            }
            self._ask("POST", "/proxies", body)

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()

    @asynccontextmanager
    async def cut(self, proxy: str) -> AsyncGenerator[None]:
        """No connection lives or comes to be."""
        self._ask("POST", f"/proxies/{proxy}", {"enabled": False})
        try:
            yield
        finally:
            self._ask("POST", f"/proxies/{proxy}", {"enabled": True})

    @asynccontextmanager
    async def delayed(self, proxy: str, milliseconds: int) -> AsyncGenerator[None]:
        """Every answer comes late."""
        toxic = {
            "name": "late",
            "type": "latency",
            "attributes": {"latency": milliseconds, "jitter": milliseconds // 2},
        }
        self._ask("POST", f"/proxies/{proxy}/toxics", toxic)
        try:
            yield
        finally:
            self._ask("DELETE", f"/proxies/{proxy}/toxics/late", None)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"content-type": "application/json", "user-agent": "holdfast-chaos"},
        )
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS):  # noqa: S310 - as above.
            return
