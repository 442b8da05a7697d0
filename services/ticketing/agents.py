"""What ticketing reads, and what falls due."""

from services.ticketing.handlers.on_agreement_withdrawn import on_agreement_withdrawn
from services.ticketing.handlers.on_consent_changed import on_consent_changed
from services.ticketing.handlers.on_contact_declined import on_contact_declined
from services.ticketing.handlers.on_contact_granted import on_contact_granted
from services.ticketing.handlers.on_contact_replaced import on_contact_replaced
from services.ticketing.handlers.on_customer_profiles import on_customer_profiles
from services.ticketing.handlers.on_deactivations_requested import on_deactivations_requested
from services.ticketing.handlers.on_owners_changed import on_owners_changed
from services.ticketing.handlers.on_portability_applied import on_portability_applied
from services.ticketing.handlers.on_renewals_agreed import on_renewals_agreed
from services.ticketing.handlers.poll_deadlines import poll_deadlines
from shared.events.callcenter import (
    AgreementWithdrawn,
    ContactDeclined,
    ContactGranted,
    ContactReplaced,
    OwnerChanged,
    RenewalAgreed,
)
from shared.events.customers import CustomerProfile
from shared.events.touchpoints import (
    ConsentChanged,
    DeactivationRequested,
    PortabilityApplied,
)
from shared.poller import Poller
from shared.stream import Each, Handlers, Run

AGENTS: Handlers = {
    RenewalAgreed: Run(on_renewals_agreed),
    AgreementWithdrawn: Each(on_agreement_withdrawn),
    DeactivationRequested: Run(on_deactivations_requested),
    PortabilityApplied: Each(on_portability_applied),
    ConsentChanged: Each(on_consent_changed),
    CustomerProfile: Run(on_customer_profiles),
    OwnerChanged: Run(on_owners_changed),
    ContactGranted: Each(on_contact_granted),
    ContactDeclined: Each(on_contact_declined),
    ContactReplaced: Each(on_contact_replaced),
}

POLLERS = (Poller("ticketing-deadlines", poll_deadlines),)
