"""A partition's rows and ledger as bytes, and back; another layout is refused, never guessed."""

import json
import struct

import numpy as np
import pyarrow as pa

from services.alerts.engine.layout import (
    COLD,
    HOT,
    LAYOUT_VERSION,
    PARAMETERS,
    PROGRESS,
    TRAILS,
    Rows,
)
from services.alerts.engine.partition import Ledger, PartitionEngine
from services.alerts.engine.sources import Sources

_MAGIC = b"HFSNAP"
_HEAD = struct.Struct("<6sHI")  # magic, layout version, bytes of the description
_CODEC = "zstd"


class UnsoundSnapshot(Exception):  # noqa: N818 - a reason to take the one before.
    """The bytes are no snapshot of this layout."""


def dump(engine: PartitionEngine) -> bytes:
    """The engine as it stands; its rows are copied while nothing folds."""
    rows, ledger = engine.rows, engine.ledger
    parts = [part[: rows.count].tobytes() for part in (rows.hot, rows.cold, rows.trails)]
    packed = [pa.compress(part, codec=_CODEC, asbytes=True) for part in parts]
    described = json.dumps(
        {
            "rows": rows.count,
            "parts": [[len(part), len(small)] for part, small in zip(parts, packed, strict=True)],
            "progress": ledger.progress.tobytes().hex(),
            "rules": ledger.rules.tobytes().hex(),
            "sources": ledger.sources.told(),
            "controls": ledger.controls,
            "sequences": ledger.sequences,
        }
    ).encode()
    return _HEAD.pack(_MAGIC, LAYOUT_VERSION, len(described)) + described + b"".join(packed)


def load(snapshot: bytes) -> PartitionEngine:
    """The engine as it stood.

    Raises:
        UnsoundSnapshot: these are other bytes than `dump` made, or of another layout.
    """
    try:
        magic, layout, length = _HEAD.unpack_from(snapshot)
    except struct.error as error:
        raise UnsoundSnapshot("shorter than its head") from error
    if magic != _MAGIC or layout != LAYOUT_VERSION:
        raise UnsoundSnapshot(f"layout {layout}, this engine reads {LAYOUT_VERSION}")
    begin = _HEAD.size + length
    described = json.loads(snapshot[_HEAD.size : begin])
    engine = PartitionEngine()
    engine.ledger = Ledger(
        progress=np.frombuffer(bytes.fromhex(described["progress"]), PROGRESS).copy(),
        rules=np.frombuffer(bytes.fromhex(described["rules"]), PARAMETERS).copy(),
        sources=Sources(described["sources"]),
        controls=described["controls"],
        sequences=described["sequences"],
    )
    parts: list[Rows] = []
    for dtype, (size, packed) in zip((HOT, COLD, TRAILS), described["parts"], strict=True):
        plain = pa.decompress(
            snapshot[begin : begin + packed], decompressed_size=size, codec=_CODEC, asbytes=True
        )
        parts.append(np.frombuffer(plain, dtype))
        begin += packed
    engine.rows.restore(parts)
    engine.mark()
    return engine
