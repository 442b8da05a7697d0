"""What a worker asks of glibc and of the kernel about its memory; elsewhere it asks nothing.

Messages of half a megabyte come by the thousand. By default glibc takes each from the kernel and
gives it back, and the kernel's clearing of fresh pages costs as much as the folding.
"""

import ctypes
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h
_KEPT_BYTES = 2**23
_DONT_NEED = 4  # mman.h
_MAPS = Path("/proc/self/smaps")


def reuse_pages() -> None:
    """Keep up to 8 MiB of what was freed for the next who asks, and one arena for all threads."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_ARENA_MAX, 1)


def fresh_pages(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of noughts in a mapping of its own: what no row uses takes no memory.

    Among glibc's own pieces, arrays that double leave holes that are as large as all rows.
    """
    return np.frombuffer(mmap.mmap(-1, count * dtype.itemsize), dtype)


def forget_the_start() -> None:
    """Give back the pages of code that only the start read; it comes back from its file if asked.

    Most of it is LLVM's: some 65 MB to load what numba keeps compiled, and never used again.
    """
    libc = ctypes.CDLL(None)
    for begin, end in _clean_mappings() if _MAPS.exists() else ():
        libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _DONT_NEED)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _clean_mappings() -> list[tuple[int, int]]:
    """Where libraries lie in memory, never written to: their pages lose nothing."""
    found: list[tuple[int, int]] = []
    span, clean = (0, 0), False
    for line in _MAPS.read_text().splitlines():
        name, *told = line.split()
        if "-" in name:
            begin, end = (int(place, 16) for place in name.split("-"))
            span, clean = (begin, end), ".so" in line and told[0] in {"r-xp", "r--p"}
        elif name == "Private_Dirty:" and clean and int(told[0]) == 0:
            found.append(span)
    return found
