"""Schemathesis on a served API: bounded by examples, the same ones in every run.

Each case is sent as it was generated, and again about things that exist: invented identifiers
alone would get no further than 404.
"""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from itertools import product

import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, GenerationMode, openapi
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.errors import FailureGroup

from holdfast.stack.ports import free_ports
from holdfast.stack.process import wait_until
from shared.health import QuietServer

EXAMPLES = 25  # of each operation and mode; a service of many operations takes fewer of each


def _examples(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


_FRAMING = {"content-length", "transfer-encoding", "connection", "host", "expect", "upgrade"}

# A cursor of letters fits its schema and still is none; an If-Match, a key may be used up.
_JUDGED_AS_GENERATED = [positive_data_acceptance, negative_data_rejection]


def violations(
    url: str, *, headers: dict[str, str], known: Mapping[str, str], examples: int = EXAMPLES
) -> list[str]:
    """Every 5xx, undocumented status or content type, or answer of another shape, told in full."""
    operations = [
        read.ok() for read in openapi.from_url(f"{url}/openapi.json").get_all_operations()
    ]
    assert operations, "a document without operations proves nothing"
    found: list[str] = []
    for operation, mode in product(operations, GenerationMode):
        try:
            _try(operation, mode, headers=headers, known=known, examples=examples)
        except FailureGroup as failure:
            found.append(f"{operation.label}, {mode.value}: {failure}")
    return found


def _try(
    operation: APIOperation,
    mode: GenerationMode,
    *,
    headers: dict[str, str],
    known: Mapping[str, str],
    examples: int,
) -> None:
    @_examples(examples)
    @given(case=operation.as_strategy(generation_mode=mode))
    def answer_as_documented(case: Case) -> None:
        judged = [positive_data_acceptance] if _violates(case) else _JUDGED_AS_GENERATED
        case.call_and_validate(headers=headers, excluded_checks=judged)
        existing = {name: known[name] for name in case.path_parameters or () if name in known}
        if existing:
            case.path_parameters.update(existing)
            case.call_and_validate(headers=headers, excluded_checks=_JUDGED_AS_GENERATED)

    answer_as_documented()


def _violates(case: Case) -> bool:
    """Whether what was made wrong is ours to refuse.

    What frames a message is the server's business before any operation sees it.
    """
    headers = case.headers if case.headers is not None else {}
    framing = [name for name in headers if name.lower() in _FRAMING]
    for name in framing:
        del headers[name]
    return not framing


@contextmanager
def served(make: Callable[[], FastAPI]) -> Generator[str]:
    """The address of an app, which is made and served in a thread and loop of its own."""
    (port,) = free_ports(1)
    config = uvicorn.Config(make, factory=True, port=port, log_config=None, lifespan="on")
    server = QuietServer(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_until(lambda: server.started or not thread.is_alive(), 20)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
