"""What the client's fetcher holds, taken as bytes where it can be, left to the client where not."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import consumer_internals as internals
from shared.raw_records import RawRecords, plain_records


class RawFetches:
    def __init__(self) -> None:
        # What is held is looked at twice, before and behind the poll's last await; its checksum
        # takes time.
        self._seen: dict[TopicPartition, tuple[bytes, RawRecords | None]] = {}

    def readable(
        self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]
    ) -> set[TopicPartition]:
        """Those of which something is held that can be taken."""
        return {tp for tp in partitions if self._held(consumer, tp) is not None}

    def take(
        self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]
    ) -> dict[TopicPartition, RawRecords]:
        """Take it; the fetcher goes on behind it."""
        taken: dict[TopicPartition, RawRecords] = {}
        for tp in partitions:
            if (held := self._held(consumer, tp)) is not None:
                internals.consumed(consumer, tp, held.offsets.stop)
                taken[tp] = held
                del self._seen[tp]
        return taken

    def _held(self, consumer: AIOKafkaConsumer, tp: TopicPartition) -> RawRecords | None:
        fetched = internals.fetched_bytes(consumer, tp)
        if fetched is None:
            return None
        raw, offset = fetched
        known, records = self._seen.get(tp, (b"", None))
        # The same bytes are asked for from the same offset: a seek throws away what is held.
        if known is not raw:
            records = plain_records(tp, raw, offset)
            self._seen[tp] = raw, records
        if records is None:
            internals.leave_to_client(consumer, tp)
            del self._seen[tp]
        return records
