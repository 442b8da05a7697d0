"""Compile the kernel before the first record: a claim and a transaction wait for no compiler."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from services.alerts.engine.columns import from_table
from services.alerts.engine.layout import HOUR, RECORD, Rows
from services.alerts.engine.partition import PartitionEngine
from services.alerts.engine.scan_records import scan
from shared.events import arrow
from shared.events.usage import UsageRecorded

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def warm_up() -> None:
    """Read what is nothing, fold a record and cross an hour, on an engine that is thrown away."""
    scan(b"", 0, 0)
    schema = arrow.SCHEMAS[UsageRecorded]
    from_table(pa.Table.from_pylist([{"at": _EPOCH}], schema))
    engine = PartitionEngine()
    engine.ledger.sources.register("nobody")
    record: Rows = np.zeros(1, RECORD)
    record["customer"], record["at"] = 1, 2 * HOUR
    engine.fold_usage(record)
    engine.hear("nobody", 3 * HOUR)
