"""Compile the kernel before the first record: a claim and a transaction wait for no compiler."""

import numpy as np

from services.alerts.engine.layout import HOUR, RECORD, Rows
from services.alerts.engine.partition import PartitionEngine


def warm_up() -> None:
    """Fold a record and cross an hour, on an engine that is thrown away."""
    engine = PartitionEngine()
    engine.ledger.sources.register("nobody")
    record: Rows = np.zeros(1, RECORD)
    record["customer"], record["at"] = 1, 2 * HOUR
    engine.fold_usage(record)
    engine.hear("nobody", 3 * HOUR)
