"""Batches as they came: what their heads tell agrees with what the client reads of them."""

import pytest
from aiokafka import TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.dead_letter_limit import IN_A_ROW_MAX, IN_WINDOW_MAX, WINDOW, DeadLetterLimit
from shared.raw_records import RawRecords, offsets_in, plain_records, size_of

PLACE = TopicPartition("any", 3)
GZIP, TRANSACTIONAL = 1, 1


def batch(count: int, *, first: int = 0, codec: int = 0, transactional: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(2, codec, transactional, -1, -1, -1, 2**20)
    for n in range(count):
        builder.append(n, 1_000 + n, b"k%d" % n, b"v%d" % (first + n), [("name", b"h%d" % n)])
    raw = builder.build()
    raw[:8] = first.to_bytes(8)
    return bytes(raw)


def read(raw: bytes, offset: int = 0) -> RawRecords:
    found = plain_records(PLACE, raw, offset)
    assert found is not None
    return found


def values(records: RawRecords) -> list[bytes | None]:
    return [record.value for record in records]


def test_records_have_the_offsets_keys_values_and_headers_that_they_were_sent_with() -> None:
    records = read(batch(3, first=7) + batch(2, first=10), 7)

    assert offsets_in(records) == range(7, 12)
    assert values(records) == [b"v7", b"v8", b"v9", b"v10", b"v11"]
    assert [record.offset for record in records] == list(range(7, 12))
    last = records[-1]
    assert (last.topic, last.partition, last.timestamp, last.key) == ("any", 3, 1_001, b"k1")
    assert tuple(last.headers) == (("name", b"h1"),)


def test_what_was_asked_for_may_begin_in_the_middle_of_a_batch() -> None:
    records = read(batch(3) + batch(2, first=3), 2)

    assert values(records) == [b"v2", b"v3", b"v4"]
    assert values(records[1:]) == [b"v3", b"v4"]
    assert offsets_in(records[1:]) == range(3, 5)
    assert values(records[5:]) == []


def test_a_batch_that_was_cut_off_by_the_fetchs_limit_comes_with_the_next_fetch() -> None:
    assert values(read(batch(2) + batch(2, first=2)[:-3])) == [b"v0", b"v1"]


def test_the_bytes_of_a_slice_are_its_share() -> None:
    records = read(batch(10))

    assert size_of(records) == len(records.chunk.raw)
    assert size_of(records[:5]) == len(records.chunk.raw) // 2


@pytest.mark.parametrize(
    "raw",
    [
        batch(2, codec=GZIP),
        batch(2, transactional=TRANSACTIONAL),
        batch(2) + batch(2, first=3),  # a hole between them
        batch(2)[:-1] + b"?",  # another checksum
        batch(2, first=5),  # not what was asked for
        b"",
    ],
    ids=["compressed", "in a transaction", "a hole", "damaged", "elsewhere", "nothing"],
)
def test_what_only_the_client_can_read_is_left_to_it(raw: bytes) -> None:
    assert plain_records(PLACE, raw, 0) is None


@pytest.mark.parametrize("before", [0, 400, WINDOW + 5])
def test_many_sound_messages_count_as_one_by_one(before: int) -> None:
    loop, at_once = DeadLetterLimit(), DeadLetterLimit()
    for span in (before, 3, 2_000, WINDOW - 1):
        for _ in range(span):
            loop.record("a", dead=False)
        at_once.handled("a", span)
        for _ in range(IN_WINDOW_MAX - 1):
            assert loop.record("a", dead=True) == at_once.record("a", dead=True)

    reasons = [loop.record("a", dead=True) for _ in range(IN_A_ROW_MAX)]

    assert reasons == [at_once.record("a", dead=True) for _ in range(IN_A_ROW_MAX)]
    assert any(reasons)
