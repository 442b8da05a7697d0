"""What alerts reads, and what falls due."""

from services.alerts.handlers.merge_facts import merged
from services.alerts.handlers.on_identity_assigned import on_identity_assigned
from services.alerts.handlers.replay_usage import (
    on_usage_baseline,
    on_usage_control,
    on_usage_heartbeat,
    on_usage_recorded,
)
from services.alerts.handlers.send_parked_usage import settle_due
from services.alerts.handlers.settle_episodes import settle_due as settle_episodes
from shared.events import billing, callcenter, customers, points, ticketing, touchpoints
from shared.events.event import CustomerEvent
from shared.events.identity import IdentityAssigned
from shared.events.usage import UsageBaseline, UsageControl, UsageHeartbeat, UsageRecorded
from shared.poller import Poller
from shared.stream import Each, Handlers, Run

# Whatever changes a row or a decision beside usage: it reaches the engine through the usage log.
MERGED: tuple[type[CustomerEvent], ...] = (
    billing.BillIssued,
    touchpoints.DeactivationRequested,
    touchpoints.LeavingSignalled,
    touchpoints.ComplaintFiled,
    touchpoints.PortabilityQueried,
    touchpoints.PortabilityApplied,
    touchpoints.ConsentChanged,
    customers.CustomerProfile,
    callcenter.ContactGranted,
    callcenter.ContactDeclined,
    callcenter.ContactReplaced,
    callcenter.ContactRecorded,
    callcenter.RenewalAgreed,
    callcenter.AgreementWithdrawn,
    ticketing.WorkOrderDispatched,
    ticketing.WorkOrderAccepted,
    ticketing.WorkOrderReturned,
    ticketing.WorkOrderCompleted,
    ticketing.WorkOrderSentBack,
    ticketing.WorkOrderVerified,
    ticketing.WorkOrderReopened,
    ticketing.WorkOrderCancelled,
    ticketing.DeadlineBreached,
    points.PointsAtRiskChanged,
)

AGENTS: Handlers = {
    IdentityAssigned: Run(on_identity_assigned),
    **{fact: Run(merged(fact)) for fact in MERGED},
    # Usage itself is folded (handlers/fold_usage.py); these see an operator's replays.
    UsageRecorded: Each(on_usage_recorded),
    UsageBaseline: Each(on_usage_baseline),
    UsageHeartbeat: Each(on_usage_heartbeat),
    UsageControl: Each(on_usage_control),
}

POLLERS: tuple[Poller, ...] = (
    Poller("parked_usage", settle_due),
    Poller("episodes", settle_episodes),
)
