"""What our harness uses of schemathesis 4.32 (tests/integration/web/openapi_fuzz.py)."""

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
    def call_and_validate(
        self, *, headers: dict[str, str], excluded_checks: Sequence[Check] = ...
    ) -> object: ...

class APIOperation:
    label: str
    def as_strategy(self, generation_mode: GenerationMode = ...) -> SearchStrategy[Case]: ...

class _Read:
    def ok(self) -> APIOperation: ...

class BaseSchema:
    def get_all_operations(self) -> Iterator[_Read]: ...
