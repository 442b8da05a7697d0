"""What others tell of a customer and what it means for the open episode: an answer, or its end."""

from dataclasses import replace
from datetime import timedelta

from services.alerts.domain.episode import ATTEMPTS_MAX, Episode, close
from shared.events.callcenter import (
    AgreementWithdrawn,
    ContactDeclined,
    ContactGranted,
    ContactRecorded,
    ContactReplaced,
    RenewalAgreed,
)
from shared.events.ticketing import WorkOrderCancelled, WorkOrderVerified
from shared.events.touchpoints import PortabilityApplied

# Whoever was reached and agreed to nothing by then has refused; an agreement follows its call
# within moments, and one that comes later opens no episode again.
SETTLED_AFTER = timedelta(hours=1)

# Why a grant ends for good (decision 6). Any other reason names who talks to the customer instead:
# a stronger proposal, the counter, the customer's own call; what comes of that is told.
FOR_GOOD = frozenset(
    {"portability", "do_not_call", "no_consent", "frozen", "unanswered", "expired"}
)

Outcome = (
    ContactGranted
    | ContactDeclined
    | ContactReplaced
    | ContactRecorded
    | RenewalAgreed
    | AgreementWithdrawn
    | WorkOrderVerified
    | WorkOrderCancelled
    | PortabilityApplied
)


def decide(episode: Episode, fact: Outcome) -> Episode | None:
    """The episode after a fact about its customer; None where the fact says nothing about it."""
    match fact:
        case WorkOrderVerified() | WorkOrderCancelled() | AgreementWithdrawn():
            return close(episode, _end(fact), fact.at)
        case PortabilityApplied():
            return close(episode, "portability", fact.at)
        case RenewalAgreed():
            agreed = replace(episode, agreed_at=fact.agreed_at, settle_at=None)
            return replace(agreed, version=episode.version + 1)
        case ContactRecorded():
            return _after_call(episode, fact)
        case ContactGranted() | ContactDeclined() | ContactReplaced():
            return _answered(episode, fact)


def _end(fact: WorkOrderVerified | WorkOrderCancelled | AgreementWithdrawn) -> str:
    match fact:
        case WorkOrderVerified():
            return fact.result or fact.state
        case WorkOrderCancelled():
            return "order_cancelled"
        case AgreementWithdrawn():
            return "agreement_withdrawn"


def _after_call(episode: Episode, call: ContactRecorded) -> Episode | None:
    """A call in which something was agreed is settled by its order, the others by time."""
    if not call.reached or episode.agreed_at is not None:
        return None
    return replace(episode, settle_at=call.at + SETTLED_AFTER, version=episode.version + 1)


def _answered(
    episode: Episode, answer: ContactGranted | ContactDeclined | ContactReplaced
) -> Episode | None:
    proposal = episode.proposal
    if proposal is None:
        return None
    common = {"answered_at": answer.at}
    match answer:
        case ContactGranted() if answer.proposal_id == proposal.proposal_id:
            told = replace(
                proposal, answer="granted", grant_id=answer.grant_id, because=None, **common
            )
        case ContactDeclined() if answer.proposal_id == proposal.proposal_id:
            again = answer.again_at if proposal.attempt < ATTEMPTS_MAX else None
            told = replace(
                proposal, answer="declined", because=answer.because, again_at=again, **common
            )
            if again is None:
                return close(replace(episode, proposal=told), answer.because, answer.at)
        case ContactReplaced() if answer.grant_id == proposal.grant_id:
            told = replace(proposal, answer="replaced", because=answer.by, **common)
            if answer.by in FOR_GOOD:
                return close(replace(episode, proposal=told), answer.by, answer.at)
        case _:
            return None  # the answer to a question that a stronger one has replaced
    return replace(episode, proposal=told, version=episode.version + 1)


def ask_again(episode: Episode) -> Episode:
    """The second and last attempt, at the time that the decline named."""
    if episode.proposal is None:
        raise ValueError("there was no first attempt")
    again = replace(
        episode.proposal, attempt=ATTEMPTS_MAX, answer=None, because=None, again_at=None
    )
    return replace(episode, proposal=again, version=episode.version + 1)
