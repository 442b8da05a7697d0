"""The ticketing schema on the one PostgreSQL of these tests; each module has its own database."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from order_parts import Office, StandingClock, Ticketing
from service_database import ServiceServer, doorway, migrated, serving

from holdfast.organisation import load_into
from holdfast.stack.postgres import PostgresAddress
from holdfast.tokens import Issuer, ensure_issuer
from services.ticketing.api import router
from services.ticketing.settings import SCHEMA
from shared.web.app import create_app


@pytest.fixture(scope="session")
def ticketing_server(postgres_server: PostgresAddress) -> ServiceServer:
    """A migrated database with the organisation's tree, of which each module takes a copy."""
    here = migrated("ticketing", postgres_server)
    load_into(here.urls(here.template)["migrate"])
    return here


@pytest.fixture(scope="module")
async def ticketing(ticketing_server: ServiceServer) -> AsyncGenerator[Ticketing]:
    """One database for the tests of a module, each with customers of its own."""
    async with ticketing_server.copied() as (urls, worker):
        yield Ticketing(urls, worker)


@pytest.fixture(scope="session")
def ticketing_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return ensure_issuer(tmp_path_factory.mktemp("ticketing-issuer"))


@pytest.fixture
async def office(ticketing: Ticketing, ticketing_issuer: Issuer) -> AsyncGenerator[Office]:
    """The API on the module's database, on Friday 2026-02-27 at 14:10."""
    way_in = doorway(SCHEMA, ticketing.urls["web"], ticketing_issuer)
    clock = StandingClock(way_in.engine)
    app = create_app(replace(way_in, clock=clock), title="ticketing", routers=[router])
    async with serving(app) as client:
        yield Office(client, ticketing_issuer, clock)
