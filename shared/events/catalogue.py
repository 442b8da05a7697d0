"""The one table of topics, event types, publishers and readers (contracts §2 and §3).

From it come topic creation, AsyncAPI, the schemas, the manifests and the drawn event flow.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.events import (
    alerts,
    billing,
    callcenter,
    customers,
    deadletters,
    identity,
    points,
    ticketing,
    touchpoints,
    usage,
)
from shared.events.event import Event

SERVICES = ("alerts", "points", "ticketing", "callcenter")

CUSTOMER_PARTITIONS = 32  # never changed in place: a customer's partition is a promise
MESSAGE_BYTES_MAX = 1_048_588  # the broker's own default, said so that it is checked


@dataclass(frozen=True)
class Topic:
    """`retention` None means compacted: the newest record of every key is kept for ever."""

    name: str
    publishers: tuple[str, ...]
    partitions: int
    retention: timedelta | None
    message_bytes_max: int = MESSAGE_BYTES_MAX

    @property
    def compacted(self) -> bool:
        return self.retention is None


@dataclass(frozen=True)
class Route:
    """One event type: its model, its topic, who reads it.

    `commuting`: order among a customer's records of this type does not matter, so a dead letter
    blocks nothing. `own_inbox`: the effect's own key makes a repeat harmless, no inbox row needed.
    """

    model: type[Event]
    topic: Topic
    readers: tuple[str, ...] = ()
    commuting: bool = False
    own_inbox: bool = False

    @property
    def event_type(self) -> str:
        return self.model.event_type


def _days(count: int) -> timedelta:
    return timedelta(days=count)


USAGE = Topic("holdfast.usage.v1", ("mediation", "alerts"), CUSTOMER_PARTITIONS, _days(7))
BILLING = Topic("holdfast.billing.v1", ("billing",), CUSTOMER_PARTITIONS, _days(30))
TOUCHPOINTS = Topic(
    "holdfast.touchpoints.v1", ("touchpoints", "ticketing"), CUSTOMER_PARTITIONS, _days(180)
)
CUSTOMERS = Topic("holdfast.customers.v1", ("boss",), CUSTOMER_PARTITIONS, None)
IDENTITY = Topic("holdfast.identity.v1", ("boss",), 8, None)
ALERTS = Topic("holdfast.alerts.v1", ("alerts",), CUSTOMER_PARTITIONS, _days(30))
POINTS = Topic("holdfast.points.v1", ("points",), CUSTOMER_PARTITIONS, _days(30))
TICKETING = Topic("holdfast.ticketing.v1", ("ticketing",), CUSTOMER_PARTITIONS, _days(30))
CALLCENTER = Topic("holdfast.callcenter.v1", ("callcenter",), CUSTOMER_PARTITIONS, _days(30))
DEADLETTERS = Topic("holdfast.deadletters.v1", SERVICES, 4, _days(90))

TOPICS = (
    USAGE,
    BILLING,
    TOUCHPOINTS,
    CUSTOMERS,
    IDENTITY,
    ALERTS,
    POINTS,
    TICKETING,
    CALLCENTER,
    DEADLETTERS,
)

_A, _P, _T, _C = "alerts", "points", "ticketing", "callcenter"

ROUTES = (
    Route(usage.UsageRecorded, USAGE, (_A,), commuting=True, own_inbox=True),
    Route(usage.UsageBaseline, USAGE, (_A,), commuting=True),
    Route(usage.UsageHeartbeat, USAGE, (_A,), commuting=True, own_inbox=True),
    Route(usage.UsageControl, USAGE, (_A,), own_inbox=True),
    Route(billing.BillIssued, BILLING, (_A, _P, _C), commuting=True, own_inbox=True),
    Route(billing.LotsOpened, BILLING, (_P,), commuting=True, own_inbox=True),
    Route(touchpoints.DeactivationRequested, TOUCHPOINTS, (_A, _C, _T)),
    Route(touchpoints.LeavingSignalled, TOUCHPOINTS, (_A, _C)),
    Route(touchpoints.ComplaintFiled, TOUCHPOINTS, (_A, _C)),
    Route(touchpoints.PortabilityQueried, TOUCHPOINTS, (_A, _C)),
    Route(touchpoints.PortabilityApplied, TOUCHPOINTS, (_A, _C, _T)),
    Route(touchpoints.ConsentChanged, TOUCHPOINTS, (_A, _C, _T)),
    # Of both the highest sequence is kept, whoever reads them: a repeat is told again in vain.
    Route(customers.CustomerProfile, CUSTOMERS, (_A, _P, _T, _C), own_inbox=True),
    Route(identity.IdentityAssigned, IDENTITY, (_A,), own_inbox=True),
    Route(alerts.AlertRaised, ALERTS, (_C,)),
    Route(alerts.EpisodeOpened, ALERTS, (_C,)),
    Route(alerts.EpisodeClosed, ALERTS, (_C,)),
    Route(alerts.AlertsContactProposed, ALERTS, (_C,)),
    Route(points.PointsContactProposed, POINTS, (_C,)),
    Route(ticketing.TicketingContactProposed, TICKETING, (_C,)),
    Route(callcenter.ContactGranted, CALLCENTER, (_A, _P, _T)),
    Route(callcenter.ContactDeclined, CALLCENTER, (_A, _P, _T)),
    Route(callcenter.ContactReplaced, CALLCENTER, (_A, _P, _T)),
    Route(callcenter.ContactRecorded, CALLCENTER, (_A, _P)),
    Route(callcenter.RenewalAgreed, CALLCENTER, (_A, _T)),
    Route(callcenter.AgreementWithdrawn, CALLCENTER, (_A, _T)),
    Route(callcenter.OwnerChanged, CALLCENTER, (_T,)),
    Route(ticketing.WorkOrderDispatched, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderAccepted, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderReturned, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderCompleted, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderSentBack, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderVerified, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderReopened, TICKETING, (_A, _C)),
    Route(ticketing.WorkOrderCancelled, TICKETING, (_A, _C)),
    Route(ticketing.DeadlineBreached, TICKETING, (_A, _C)),
    Route(ticketing.Escalated, TICKETING, (_C,)),
    Route(points.PointsGranted, POINTS),
    Route(points.PointsSpent, POINTS),
    Route(points.PointsReversed, POINTS),
    Route(points.PointsExpired, POINTS),
    Route(points.PointsAtRiskChanged, POINTS, (_A, _C)),
    Route(deadletters.DeadLetterRecorded, DEADLETTERS),
)

_BY_TYPE = {route.event_type: route for route in ROUTES}


def find_route(event_type: str) -> Route | None:
    return _BY_TYPE.get(event_type)


def route_of(event_type: str) -> Route:
    """The route of a published type.

    Raises:
        KeyError: the type is not in the catalogue, which is a bug of the caller.
    """
    return _BY_TYPE[event_type]


def topic_of(event_type: str) -> Topic:
    """The topic of a published type.

    Raises:
        KeyError: the type is not in the catalogue, which is a bug of the caller.
    """
    return route_of(event_type).topic


def versions_of(event_type: str) -> tuple[str, ...]:
    """The types that carry the same fact as `event_type`, in whichever version we know."""
    fact = event_type.rpartition(".")[0]
    return tuple(known for known in _BY_TYPE if known.rpartition(".")[0] == fact)


def topics_read_by(service: str) -> tuple[Topic, ...]:
    """The topics of which `service` reads at least one type, in the catalogue's order."""
    read = {route.topic.name for route in ROUTES if service in route.readers}
    return tuple(topic for topic in TOPICS if topic.name in read)


def publisher_of(event_type: str) -> str:
    """The service or outside system that an event type's name begins with."""
    return event_type.split(".", 1)[0]
