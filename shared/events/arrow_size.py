"""How large an Arrow stream becomes, told before anything of it is unpacked.

A compressed buffer begins with its size unpacked, and Arrow allocates as much before it looks any
further: half a kilobyte may ask for gigabytes. PyArrow shows neither, so the few words that matter
are read from the messages' own tables (Arrow's format/Message.fbs, FlatBuffers).
"""

import struct
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import ipc

_HEADER_TYPE, _HEADER = 1, 2  # fields of Message, by their numbers
_DATA = 1  # of DictionaryBatch
_BUFFERS, _COMPRESSION = 2, 3  # of RecordBatch
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_BUFFER = struct.Struct("<qq")  # offset and length in the body
_SIZE = struct.Struct("<q")  # in front of a compressed buffer; -1: it was not worth it


def unpacked_bytes(stream: bytes) -> int:
    """The bytes of all buffers of a stream once they are unpacked.

    Raises:
        pa.ArrowException, OSError, ValueError: it is no stream, or damaged.
    """
    reader = ipc.MessageReader.open_stream(stream)
    total = 0
    try:
        while True:
            message = reader.read_next_message()
            total += sum(_sizes(message.metadata.to_pybytes(), message.body))
    except StopIteration:
        return total
    except struct.error as error:
        raise ValueError("a message's table points outside of it") from error


def _sizes(table: bytes, body: pa.Buffer | None) -> Iterator[int]:
    batch = _batch(table)
    if batch is None or body is None:
        return
    places = _target(table, batch, _BUFFERS)
    if places is None:
        return
    (count,) = struct.unpack_from("<I", table, places)
    packed = _field(table, batch, _COMPRESSION) is not None
    for number in range(count):
        offset, length = _BUFFER.unpack_from(table, places + 4 + number * _BUFFER.size)
        size = _SIZE.unpack_from(body, offset)[0] if packed and length else length
        yield max(size, 0) if size != -1 else length


def _batch(table: bytes) -> int | None:
    """Where the columns of a message are described, if it has any."""
    (message,) = struct.unpack_from("<I", table, 0)
    kind, header = _field(table, message, _HEADER_TYPE), _target(table, message, _HEADER)
    if kind is None or header is None:
        return None
    if table[kind] == _DICTIONARY_BATCH:
        return _target(table, header, _DATA)
    return header if table[kind] == _RECORD_BATCH else None


def _field(table: bytes, place: int, number: int) -> int | None:
    """Where a field of the table at `place` stands; None if it was left out."""
    (back,) = struct.unpack_from("<i", table, place)
    (end,) = struct.unpack_from("<H", table, place - back)
    entry = 4 + 2 * number
    if entry >= end:
        return None
    (offset,) = struct.unpack_from("<H", table, place - back + entry)
    return place + offset if offset else None


def _target(table: bytes, place: int, number: int) -> int | None:
    """Where a field that is a reference leads to."""
    field = _field(table, place, number)
    if field is None:
        return None
    (distance,) = struct.unpack_from("<I", table, field)
    return field + distance
