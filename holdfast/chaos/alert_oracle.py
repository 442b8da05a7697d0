"""One undisturbed pass over the usage log that a run left: no worker, no database, no faults."""

from collections import Counter

from aiokafka import TopicPartition

from holdfast.chaos.findings import Record, read_log
from holdfast.chaos.history import Alert, FoundAlert, UndisturbedPass
from services.alerts.domain.episode import Episode, join
from services.alerts.engine.hits import Hit
from services.alerts.engine.partition import PartitionEngine
from services.alerts.engine.warm_up import warm_up
from services.alerts.handlers.fold_usage import Slice, UsageSlices
from services.alerts.handlers.read_usage import Arrived
from shared.clock import Clock
from shared.events.catalogue import CUSTOMER_PARTITIONS, USAGE
from shared.events.event import Event
from shared.events.usage import UsageBaseline


class _Pass(UsageSlices):
    """A partition, message by message; which messages are repeats, it remembers itself."""

    def __init__(self, partition: int) -> None:
        super().__init__(TopicPartition(USAGE.name, partition), PartitionEngine(), set(), 0)
        self.found: list[FoundAlert] = []
        self.merged: Counter[str] = Counter()
        self.records = 0
        self._open: dict[int, Episode] = {}
        self._fired: set[str] = set()

    def take(self, record: Record, arrived: Arrived) -> None:
        self.slice = Slice()
        self._fold([record], arrived)
        self._seen.update(self.slice.messages)
        self.records += self.slice.rows
        for effect in self.slice.effects:
            if isinstance(effect, Hit):
                self._keep(effect, record.offset)

    def _apply(self, fact: Event) -> bool:
        if not isinstance(fact, UsageBaseline):
            self.merged[str(fact.event_id)] += 1
        return super()._apply(fact)

    def _keep(self, hit: Hit, offset: int) -> None:
        alert_id = str(hit.alert_id)
        episode_id = None
        if not hit.suppressed:
            if alert_id in self._fired:
                return  # two contracts that come within reach together are one alert
            self._fired.add(alert_id)
            joined = join(hit, self._open.get(hit.customer_id))
            self._open[hit.customer_id] = joined.episode
            episode_id = str(joined.episode.episode_id)
        alert = Alert(alert_id, hit.rule, hit.customer_id, hit.at, episode_id)
        self.found.append(FoundAlert(self.tp.partition, offset, alert))


async def pass_once(kafka: str, clock: Clock) -> UndisturbedPass:
    """Fold the whole log as it ends now."""
    warm_up()
    passes = [_Pass(partition) for partition in range(CUSTOMER_PARTITIONS)]
    arrived = Arrived(clock)
    async for record in read_log(kafka, (USAGE,)):
        passes[record.partition].take(record, arrived)
    merged: Counter[str] = Counter()
    for one in passes:
        merged.update(one.merged)
    return UndisturbedPass(
        found=tuple(found for one in passes for found in one.found),
        merged=dict(merged),
        records=sum(one.records for one in passes),
    )
