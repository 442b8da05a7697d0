"""Compiled where numba is installed, interpreted where it is not: the same source either way."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

try:
    from numba import njit
except ImportError:  # an installation without compilers: slower, with the same answers.
    njit = None

COMPILED = njit is not None

P = ParamSpec("P")
T = TypeVar("T")


def jitted(function: Callable[P, T]) -> Callable[P, T]:
    """Compile `function` on its first call and keep the code for the next process.

    The engine's functions use integers alone, so compiled and interpreted they agree bit for bit.
    """
    if njit is None:
        return function
    try:
        compiled: Callable[P, T] = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # nowhere to keep the code, as on a read-only disk: once a process.
        return njit(nogil=True)(function)
    return compiled


def interpreted(function: Callable[P, T]) -> Callable[P, T]:
    """The source that `function` was compiled from: fallback and oracle."""
    source: Callable[P, T] = getattr(function, "py_func", function)
    return source
