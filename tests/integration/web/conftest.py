"""A real PostgreSQL with the points schema and roles, and a small service on a table in it.

The server is these tests' own: they lock its tables and cut the connections of its roles.
"""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path

import asyncpg
import httpx2
import notes_app
import pytest
from notes_parts import NotesDatabase, notes_doorway, serving

from holdfast.roles import KINDS, bootstrap
from holdfast.stack.ports import free_ports
from holdfast.stack.postgres import Postgres
from holdfast.tokens import Issuer, ensure_issuer, mint
from shared.identity import Caller, Role
from shared.migrations.runner import upgrade
from shared.web.app import create_app
from shared.web.doorway import Doorway


@pytest.fixture(scope="session")
def notes_database() -> Generator[NotesDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="holdfast-web-"))
    folder.chmod(0o755)  # as root, the server runs as a user who must be able to enter
    server = Postgres(folder, free_ports(1)[0])
    process = server.start()
    try:
        server.wait_ready(process)
        passwords = {f"points_{kind}": secrets.token_urlsafe(12) for kind in KINDS}
        address = server.address
        urls = {
            kind: address.url(user=f"points_{kind}", password=passwords[f"points_{kind}"])
            for kind in KINDS
        }
        asyncio.run(bootstrap(address.url(), passwords, ("points",)))
        upgrade("points", urls["migrate"])
        asyncio.run(_prepare(urls["migrate"], address.url()))
        yield NotesDatabase(urls["web"], urls["migrate"], address.url())
    finally:
        server.stop(process)
        shutil.rmtree(folder)


async def _prepare(migrate: str, superuser: str) -> None:
    owner = await asyncpg.connect(migrate)
    await owner.execute(notes_app.TABLE)
    await owner.close()
    root = await asyncpg.connect(superuser)
    await root.execute(
        "INSERT INTO holdfast.clock_segment VALUES (now() - interval '1 h', now(), 1)"
    )
    await root.close()


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
async def doorway(notes_database: NotesDatabase, issuer: Issuer) -> AsyncGenerator[Doorway]:
    opened = notes_doorway(notes_database, issuer)
    yield opened
    await opened.engine.dispose()


@pytest.fixture
async def notes(doorway: Doorway) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(
        doorway, title="notes", routers=[notes_app.router, notes_app.faults, notes_app.delays]
    )
    async with serving(app) as client:
        yield client


@pytest.fixture
def as_role(issuer: Issuer) -> Callable[..., dict[str, str]]:
    """Headers of a caller: `as_role(Role.STORE_CLERK, "990101", key="k1")`."""

    def headers(
        role: Role = Role.STORE_CLERK,
        organisation: str = "990101001",
        *,
        subject: str = "wang",
        key: str | None = None,
    ) -> dict[str, str]:
        caller = Caller(subject, "王", frozenset({role}), organisation)
        bearer = {"Authorization": f"Bearer {mint(issuer, caller)}"}
        return bearer if key is None else {**bearer, "Idempotency-Key": key}

    return headers


@pytest.fixture
def key() -> str:
    return secrets.token_hex(8)
