"""What our harness uses of schemathesis 4.32 (tests/integration/openapi_fuzz.py)."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, TypeAlias

from hypothesis.strategies import SearchStrategy
from schemathesis import openapi as openapi

Check: TypeAlias = Callable[..., bool | None]

class GenerationMode(Enum):
    POSITIVE = "positive"
    NEGATIVE = "negative"

class Case:
    path_parameters: dict[str, Any]
    query: dict[str, Any] | None
    headers: dict[str, str] | None
    def call_and_validate(
        self, *, headers: dict[str, str], excluded_checks: Sequence[Check] = ...
    ) -> object: ...

class _Definition:
    raw: dict[str, Any]

class APIOperation:
    label: str
    definition: _Definition
    def as_strategy(self, generation_mode: GenerationMode = ...) -> SearchStrategy[Case]: ...

class _Read:
    def ok(self) -> APIOperation: ...

class BaseSchema:
    def get_all_operations(self) -> Iterator[_Read]: ...
