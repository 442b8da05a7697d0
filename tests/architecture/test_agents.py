"""What a service handles is what the catalogue says it reads, by handlers of the right shape."""

import importlib
import typing
from collections.abc import Sequence
from pathlib import Path

import pytest
from sources import service_folders

from shared.events.catalogue import ROUTES, SERVICES
from shared.stream import Each, Handlers, Run

every_service = pytest.mark.parametrize("folder", service_folders(), ids=lambda p: p.name)


def agents_of(folder: Path) -> Handlers:
    return importlib.import_module(f"services.{folder.name}.agents").AGENTS


def test_every_service_is_one_of_the_catalogue() -> None:
    assert {folder.name for folder in service_folders()} <= set(SERVICES)


@every_service
def test_agents_handle_exactly_what_the_catalogue_says_the_service_reads(folder: Path) -> None:
    handled = {model.event_type for model in agents_of(folder)}
    read = {route.event_type for route in ROUTES if folder.name in route.readers}

    assert handled == read


@every_service
def test_a_handler_takes_the_fact_it_is_listed_for(folder: Path) -> None:
    for model, agent in agents_of(folder).items():
        first = next(iter(typing.get_type_hints(agent.handler).values()))
        match agent:
            case Each():
                assert first is model
            case Run():
                assert first == Sequence[model]
