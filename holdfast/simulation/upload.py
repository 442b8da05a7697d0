"""Call records as a mediation system uploads them: Arrow batches with plain numbers."""

from datetime import date

import pyarrow as pa
from pyarrow import ipc

from holdfast.simulation.columns import column
from holdfast.simulation.population import Ints, Population
from holdfast.simulation.usage_days import DIRECTIONS, KINDS, Usage
from services.alerts.domain.upload import COLUMNS

ROWS_MAX = 4_096
SOURCE = "mediation"


def encode(population: Population, usage: Usage, day: date, first: int) -> bytes:
    """Records of `day` as an Arrow stream; `first` is the place of the first one in its day."""
    columns = {
        "record_id": pa.array([f"{day:%y%m%d}-{first + n:07d}" for n in range(len(usage))]),
        "number": _numbers(population.number[usage.row]),
        "at": column(usage.at),
        "kind": pa.array([KINDS[kind] for kind in usage.kind.tolist()]),
        "direction": pa.array([DIRECTIONS[way] for way in usage.direction.tolist()]),
        "seconds": pa.array(usage.seconds, pa.int32()),
        "kilobytes": pa.array(usage.kilobytes),
        "fen": pa.array(usage.fen),
        "peer": _numbers(usage.peer),
        "forwarded_to": _numbers(usage.forwarded_to),
        "at_home": pa.array(usage.at_home.astype(bool)),
    }
    arrays = [columns[name] for name in COLUMNS.names]
    batch = pa.RecordBatch.from_arrays(arrays, schema=COLUMNS)
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, COLUMNS) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def _numbers(numbers: Ints) -> pa.Array:
    """As text; 0 is nobody."""
    return pa.array([str(number) if number else None for number in numbers.tolist()], pa.string())
