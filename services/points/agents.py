"""What points reads, and what falls due."""

from services.points.handlers.on_bills_issued import on_bills_issued
from services.points.handlers.on_contact_declined import on_contact_declined
from services.points.handlers.on_contact_granted import on_contact_granted
from services.points.handlers.on_contact_recorded import on_contact_recorded
from services.points.handlers.on_contact_replaced import on_contact_replaced
from services.points.handlers.on_customer_profiles import on_customer_profiles
from services.points.handlers.on_lots_opened import on_lots_opened
from services.points.handlers.plan_reminders import plan_reminders
from services.points.handlers.propose_reminders import propose_reminders
from shared.events.billing import BillIssued, LotsOpened
from shared.events.callcenter import (
    ContactDeclined,
    ContactGranted,
    ContactRecorded,
    ContactReplaced,
)
from shared.events.customers import CustomerProfile
from shared.poller import Poller
from shared.stream import Each, Handlers, Run

AGENTS: Handlers = {
    BillIssued: Run(on_bills_issued),
    LotsOpened: Run(on_lots_opened),
    CustomerProfile: Run(on_customer_profiles),
    ContactGranted: Each(on_contact_granted),
    ContactDeclined: Each(on_contact_declined),
    ContactReplaced: Each(on_contact_replaced),
    ContactRecorded: Each(on_contact_recorded),
}

POLLERS = (
    Poller("plan_reminders", plan_reminders),
    Poller("propose_reminders", propose_reminders),
)
