"""When a delivery is tried again, and when it is given up: a day of tries, ever further apart."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

ATTEMPTS_MAX = 22  # about a day, by the waits below
WAIT_FIRST_SECONDS = 5.0
WAIT_LAST_SECONDS = 7_200.0
RETRY_AFTER_SECONDS_MAX = 86_400.0  # whatever a receiver asks for, a day is the end of it
JITTER = 0.2  # of a wait, so that what failed together does not come back together
ANSWER_LENGTH_MAX = 300

DELIVERED_FROM, DELIVERED_BEFORE = 200, 300
PERMANENT_FROM = 500  # of SMTP: the server will not change its mind


class Outcome(StrEnum):
    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"  # trying again would end the same
    GONE = "gone"  # the endpoint wants no more


@dataclass(frozen=True)
class Answer:
    """What came of one try; `status` is SMTP's or HTTP's, where one came."""

    outcome: Outcome
    said: str
    status: int | None = None
    retry_after_seconds: float = 0.0

    @property
    def kept(self) -> str:
        """What of it a receipt keeps."""
        return self.said[:ANSWER_LENGTH_MAX]


def wait_seconds(attempts: int, chance: float) -> float:
    """How long to wait after so many tries; `chance` is uniform in [0, 1)."""
    doubled = WAIT_FIRST_SECONDS * 2.0 ** min(attempts - 1, 20)
    return min(doubled, WAIT_LAST_SECONDS) * (1 + JITTER * (2 * chance - 1))


def next_wait(answer: Answer, attempts: int, chance: float) -> float | None:
    """Seconds until the next try; None: there is none."""
    if answer.outcome is not Outcome.RETRY or attempts >= ATTEMPTS_MAX:
        return None
    asked = min(answer.retry_after_seconds, RETRY_AFTER_SECONDS_MAX)
    return max(wait_seconds(attempts, chance), asked)


def http_answer(status: int, retry_after: str | None, now: datetime) -> Answer:
    """What an endpoint's status means; a redirect is not followed, so it is no success."""
    phrase = next((one.phrase for one in HTTPStatus if one == status), "")
    said = f"{status} {phrase}".rstrip()
    if DELIVERED_FROM <= status < DELIVERED_BEFORE:
        return Answer(Outcome.DELIVERED, said, status)
    if status == HTTPStatus.GONE:
        return Answer(Outcome.GONE, said, status)
    return Answer(Outcome.RETRY, said, status, _seconds(retry_after, now))


def smtp_answer(status: int, said: str) -> Answer:
    """What a mail server's last word on one mail means."""
    if DELIVERED_FROM <= status < DELIVERED_BEFORE:
        return Answer(Outcome.DELIVERED, said, status)
    outcome = Outcome.REFUSED if status >= PERMANENT_FROM else Outcome.RETRY
    return Answer(outcome, said, status)


def _seconds(retry_after: str | None, now: datetime) -> float:
    """Retry-After: seconds, or a date (RFC 9110); anything else asks for nothing."""
    if retry_after is None:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0
