"""One process for HTTP: the apps of some services behind one origin, health on its own port."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import cast

import uvicorn
from fastapi import FastAPI

from shared import telemetry
from shared.events.catalogue import SERVICES
from shared.health import QuietServer, serve_health
from shared.logging import configure_logging
from shared.web import problem
from shared.web.doorway import Doorway

UNREADY_SECONDS = 5  # the clock is read every second; five misses are no hiccup
STOP_SECONDS = 10  # five times the longest transaction
REQUESTS_MAX = 1_000  # at once; beyond, waiting for a connection would outlast its time-out


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    health_port: int
    health_host: str = "127.0.0.1"


HOME = "home"
"""The application of no service: the way in and out, one's own settings, static files."""


def web_services() -> tuple[str, ...]:
    """The services that have an HTTP application, and home."""
    served = (name for name in SERVICES if (files("services") / name / "app.py").is_file())
    return (*served, HOME)


def create_apps(services: Sequence[str]) -> dict[str, FastAPI]:
    """The services' applications, wired by the environment.

    Raises:
        pydantic.ValidationError: a setting is missing.
        shared.jwks.KeysUnreadable: the issuer's keys are not there.
    """
    return {name: cast("FastAPI", import_module(_module(name)).create_app()) for name in services}


def _module(name: str) -> str:
    return "shared.web.home.app" if name == HOME else f"services.{name}.app"


def mount(apps: Mapping[str, FastAPI]) -> FastAPI:
    """One origin: `/points/…`, `/alerts/…`; machines under `/SERVICE/v1/…`, people elsewhere."""
    root = FastAPI(openapi_url=None, redirect_slashes=False)
    problem.install(root)
    for name, app in apps.items():
        if name != HOME:
            root.mount(f"/{name}", app)
    if HOME in apps:  # last, for it takes every other path
        root.mount("/", apps[HOME])
    return root


def run(services: Sequence[str], address: Address) -> None:
    """Serve until SIGTERM or SIGINT; requests that are under way are finished."""
    configure_logging(service="web", process="api")
    telemetry.process_started(service="web", process="api")
    asyncio.run(serve(create_apps(services), address))


async def serve(apps: Mapping[str, FastAPI], address: Address) -> None:
    """Enter the apps' lifespans, which mounting alone would not, and serve.

    Raises:
        shared.revision.SchemaMismatch: a schema does not fit the code.
    """
    async with AsyncExitStack() as lifespans:
        for app in apps.values():
            await lifespans.enter_async_context(app.router.lifespan_context(app))
        server = _server(mount(apps), address)
        doorways = [
            cast("Doorway", app.state.doorway) for name, app in apps.items() if name != HOME
        ]

        def ready() -> bool:
            followed = all(d.clock.unread_seconds < UNREADY_SECONDS for d in doorways)
            return server.started and not server.should_exit and followed

        health = asyncio.create_task(
            serve_health(address.health_port, ready=ready, host=address.health_host), name="health"
        )
        _stop_on_signals(server)
        try:
            await server.serve()
        finally:
            health.cancel()


def _server(app: FastAPI, address: Address) -> QuietServer:
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=REQUESTS_MAX,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return QuietServer(config)


def _stop_on_signals(server: QuietServer) -> None:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
