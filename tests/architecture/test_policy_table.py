"""The policy table and the operations of the services name each other, one for one."""

from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import FastAPI
from sources import ROOT

from shared.policy import POLICY
from shared.web import links
from shared.web.operations import operations_of

SERVICES = sorted(
    folder.name
    for folder in Path(str(files("services"))).iterdir()
    if (folder / "api.py").is_file() or (folder / "api").is_dir()
)


def _operations(service: str) -> list[str]:
    app = FastAPI()
    source = (ROOT / "services" / service / "app.py").read_text()
    app.include_router(import_module(f"services.{service}.api").router)
    app.include_router(links.router)
    if "links.histories" in source:
        app.include_router(links.histories)
    return list(operations_of(app))


def test_there_are_services_to_look_at() -> None:
    assert SERVICES


def test_every_service_with_an_api_has_a_policy_and_no_other() -> None:
    assert sorted(POLICY) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_every_policy_row_has_its_operation(service: str) -> None:
    operations = _operations(service)
    assert len(operations) == len(set(operations)), "an operation id names one operation"
    assert set(POLICY[service]) == set(operations)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_lets_a_causal_chain_be_followed(service: str) -> None:
    assert "links.router" in (ROOT / "services" / service / "app.py").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_open_to_somebody(service: str) -> None:
    assert all(POLICY[service].values())
