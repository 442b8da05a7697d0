"""What callcenter reads, and what falls due."""

from services.callcenter.handlers.expire import answer_waiting, expire_tasks
from services.callcenter.handlers.follow_episodes import (
    on_alert_raised,
    on_episode_closed,
    on_episode_opened,
)
from services.callcenter.handlers.follow_orders import (
    on_deadline_breached,
    on_escalated,
    on_work_order_accepted,
    on_work_order_cancelled,
    on_work_order_completed,
    on_work_order_dispatched,
    on_work_order_reopened,
    on_work_order_returned,
    on_work_order_sent_back,
    on_work_order_verified,
)
from services.callcenter.handlers.follow_signals import (
    on_complaint_filed,
    on_leaving_signalled,
    on_portability_queried,
)
from services.callcenter.handlers.on_alerts_contact_proposed import on_alerts_contact_proposed
from services.callcenter.handlers.on_bills_issued import on_bills_issued
from services.callcenter.handlers.on_consent_changed import on_consent_changed
from services.callcenter.handlers.on_customer_profiles import on_customer_profiles
from services.callcenter.handlers.on_deactivation_requested import on_deactivation_requested
from services.callcenter.handlers.on_points_at_risk_changed import on_points_at_risk_changed
from services.callcenter.handlers.on_points_contact_proposed import on_points_contact_proposed
from services.callcenter.handlers.on_portability_applied import on_portability_applied
from services.callcenter.handlers.on_ticketing_contact_proposed import (
    on_ticketing_contact_proposed,
)
from shared.events import alerts, billing, customers, points, ticketing, touchpoints
from shared.poller import Poller
from shared.stream import Each, Handlers, Run

AGENTS: Handlers = {
    customers.CustomerProfile: Run(on_customer_profiles),
    billing.BillIssued: Run(on_bills_issued),
    touchpoints.DeactivationRequested: Each(on_deactivation_requested),
    touchpoints.PortabilityApplied: Each(on_portability_applied),
    touchpoints.ConsentChanged: Each(on_consent_changed),
    touchpoints.LeavingSignalled: Each(on_leaving_signalled),
    touchpoints.ComplaintFiled: Each(on_complaint_filed),
    touchpoints.PortabilityQueried: Each(on_portability_queried),
    alerts.AlertRaised: Each(on_alert_raised),
    alerts.EpisodeOpened: Each(on_episode_opened),
    alerts.EpisodeClosed: Each(on_episode_closed),
    alerts.AlertsContactProposed: Each(on_alerts_contact_proposed),
    points.PointsContactProposed: Each(on_points_contact_proposed),
    points.PointsAtRiskChanged: Each(on_points_at_risk_changed),
    ticketing.TicketingContactProposed: Each(on_ticketing_contact_proposed),
    ticketing.WorkOrderDispatched: Each(on_work_order_dispatched),
    ticketing.WorkOrderAccepted: Each(on_work_order_accepted),
    ticketing.WorkOrderReturned: Each(on_work_order_returned),
    ticketing.WorkOrderCompleted: Each(on_work_order_completed),
    ticketing.WorkOrderSentBack: Each(on_work_order_sent_back),
    ticketing.WorkOrderVerified: Each(on_work_order_verified),
    ticketing.WorkOrderReopened: Each(on_work_order_reopened),
    ticketing.WorkOrderCancelled: Each(on_work_order_cancelled),
    ticketing.DeadlineBreached: Each(on_deadline_breached),
    ticketing.Escalated: Each(on_escalated),
}

POLLERS = (
    Poller("expire_tasks", expire_tasks),
    Poller("answer_waiting", answer_waiting),
)
