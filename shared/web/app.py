"""`create_app`: a service's HTTP application, with everything that no service may forget."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import cast

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from shared.revision import require_revision
from shared.web import problem
from shared.web.body_limit import BodyLimit
from shared.web.documentation import document
from shared.web.doorway import Doorway, operation_id
from shared.web.once import Repeated
from shared.web.operations import require_policy
from shared.web.pages.refused import page_of_refusal
from shared.web.pages.security_headers import SecurityHeaders
from shared.web.pages.shell import Shell
from shared.web.request_log import RequestLog

Beside = Callable[[], AbstractAsyncContextManager[None]]

BODY_BYTES_MAX = 64 * 1024  # an act of a person or a machine; bulk has operations of its own


def create_app(
    doorway: Doorway,
    *,
    title: str,
    routers: Sequence[APIRouter],
    shell: Shell | None = None,
    body_bytes_max: int = BODY_BYTES_MAX,
    beside: Beside = nullcontext,
) -> FastAPI:
    """The application of one service; whoever serves it enters its lifespan.

    `shell` is for a service that has pages; `beside` is entered with the lifespan: what a service
    does for as long as it serves.

    Raises:
        PolicyGap: an operation has no row in the policy table.
    """
    app = FastAPI(
        title=title,
        version="1",
        lifespan=_lifespan,
        generate_unique_id_function=operation_id,
        # These pages load their scripts from other hosts, which an intranet does not reach.
        docs_url=None,
        redoc_url=None,
        # A redirect would be an answer that no operation documents.
        redirect_slashes=False,
    )
    app.state.doorway = doorway
    app.state.beside = beside
    for router in routers:
        app.include_router(router)
    require_policy(app, doorway.policy)
    install_shell(app, shell)
    app.add_exception_handler(Repeated, _on_repeated)
    app.add_middleware(BodyLimit, bytes_max=body_bytes_max)
    app.add_middleware(RequestLog, service=doorway.service)
    app.openapi = lambda: document(app)
    return app


def install_shell(app: FastAPI, shell: Shell | None) -> None:
    """How `app` answers failures; with a shell, people get pages, and browsers strict headers."""
    if shell is None:
        problem.install(app)
        return
    app.state.shell = shell
    problem.install(app, page_of_refusal)
    app.add_middleware(SecurityHeaders, secure=shell.sessions.secure)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    doorway: Doorway = app.state.doorway
    await require_revision(doorway.engine, doorway.schema)
    await doorway.clock.start()
    keys = asyncio.create_task(doorway.verifier.source.follow(), name="keys")
    try:
        async with app.state.beside():
            yield
    finally:
        keys.cancel()
        await doorway.clock.stop()
        await doorway.engine.dispose()


async def _on_repeated(_request: Request, error: Exception) -> Response:
    return cast("Repeated", error).response
