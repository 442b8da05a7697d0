"""Health and metrics of one process, on a port of their own (liveness, readiness, Prometheus)."""

from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Check = Callable[[], bool]

TEXT = b"text/plain; charset=utf-8"


class HealthApp:
    """`/livez`: the loop answers. `/readyz`: it does its work. `/metrics`: the closed list."""

    def __init__(self, *, ready: Check) -> None:
        self._ready = ready

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, content_type, body = self._answer(scope["path"])
        headers = [(b"content-type", content_type)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, path: str) -> tuple[int, bytes, bytes]:
        match path:
            case "/livez":
                return 200, TEXT, b"live\n"
            case "/readyz":
                ready = self._ready()
                return (200, TEXT, b"ready\n") if ready else (503, TEXT, b"not ready\n")
            case "/metrics":
                return 200, CONTENT_TYPE_LATEST.encode(), generate_latest(REGISTRY)
            case _:
                return 404, TEXT, b"one of /livez /readyz /metrics\n"


class QuietServer(uvicorn.Server):
    """A server that leaves signals to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn's handlers would end this server alone and leave the process running.
        yield


async def serve_health(port: int, *, ready: Check, host: str = "127.0.0.1") -> None:
    """Serve until cancelled; signals stay with whoever runs the process."""
    config = uvicorn.Config(
        HealthApp(ready=ready),
        host=host,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    await QuietServer(config).serve()
