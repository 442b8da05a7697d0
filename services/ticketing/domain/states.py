"""The words of a work order: its kinds, the states it is in, and what may happen to it."""

from enum import IntEnum, StrEnum


class OrderType(StrEnum):
    """Three renewals agreed by telephone (TK-07), and retention at a counter (TK-08)."""

    THREE_G_TO_CONTRACT = "3g_to_contract"
    TWO_G_TO_THREE_G = "2g_to_3g"
    BROADBAND = "broadband"
    COUNTER_RETENTION = "counter_retention"


class State(StrEnum):
    NEW = "new"
    IN_PROGRESS = "in_progress"
    WAITING_DISPATCHER = "waiting_dispatcher"
    TO_VERIFY = "to_verify"
    SENT_BACK = "sent_back"
    VERIFIED_SAVED = "verified_saved"
    VERIFIED_LOST = "verified_lost"
    CANCELLED = "cancelled"


# With the branch or the dispatcher: nobody has said yet what came of it.
OPEN = (State.NEW, State.IN_PROGRESS, State.WAITING_DISPATCHER, State.SENT_BACK)


class Act(StrEnum):
    """What moves an order: acts of persons first, then facts that came in, then its timers."""

    ACCEPT = "accept"
    RETURN = "return"
    ANSWER = "answer"
    REDISPATCH = "redispatch"
    COMPLETE = "complete"
    WITHDRAW = "withdraw"
    OPEN = "open"
    VERIFY = "verify"
    SEND_BACK = "send_back"
    REOPEN = "reopen"
    CANCEL = "cancel"

    DISPATCH = "dispatch"
    AGREEMENT_WITHDRAWN = "agreement_withdrawn"
    PORTABILITY_APPLIED = "portability_applied"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONTACT_PROPOSED = "contact_proposed"
    CONTACT_GRANTED = "contact_granted"
    CONTACT_DECLINED = "contact_declined"
    CONTACT_REPLACED = "contact_replaced"

    WARN = "warn"
    BREACH = "breach"
    ESCALATE = "escalate"


BY_PERSONS = frozenset(
    {
        Act.ACCEPT,
        Act.RETURN,
        Act.ANSWER,
        Act.REDISPATCH,
        Act.COMPLETE,
        Act.WITHDRAW,
        Act.OPEN,
        Act.VERIFY,
        Act.SEND_BACK,
        Act.REOPEN,
        Act.CANCEL,
    }
)


class Result(StrEnum):
    SAVED = "saved"
    LOST = "lost"


class ReturnReason(StrEnum):
    """Why a branch gives an order back to the dispatcher."""

    NEED_INFORMATION = "need_information"
    NOT_OURS = "not_ours"


class ClockEffect(StrEnum):
    """What a transition does to the order's clock."""

    KEEP = "keep"
    PAUSE = "pause"
    RESUME = "resume"  # the working time that stood still is added to the deadline
    RESTART = "restart"  # a new deadline, by the order's policy
    END = "end"


class Stage(IntEnum):
    """How far the present deadline has run out."""

    ON_TIME = 0
    WARNED = 1
    BREACHED = 2
    ESCALATED = 3
