"""What points reads."""

from services.points.handlers.on_bills_issued import on_bills_issued
from services.points.handlers.on_customer_profiles import on_customer_profiles
from services.points.handlers.on_lots_opened import on_lots_opened
from shared.events.billing import BillIssued, LotsOpened
from shared.events.customers import CustomerProfile
from shared.stream import Handlers, Run

AGENTS: Handlers = {
    BillIssued: Run(on_bills_issued),
    LotsOpened: Run(on_lots_opened),
    CustomerProfile: Run(on_customer_profiles),
}
