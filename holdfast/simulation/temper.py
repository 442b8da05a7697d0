"""How people behave: who answers, who agrees, who is late; by seed (KP-12, KP-14).

Chance is drawn by what it is about, not by when: a faster machine changes nobody's mind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

# Five customers in six are reached within three attempts, by 60 % of all calls (KP-12, KP-14):
# 0.83 × (1 − 0.05³) of them, by 0.83 / (0.83 × 1.05 + 0.17 × 3) = 0.60 of the calls.
REACHABLE_SHARE = 0.83
ANSWER_SHARE = 0.95
AGREE_SHARE = 0.45  # of those reached (KP-12)
CALL_BACK_SHARE = 0.05

ATTEMPTS_MAX = 3


class Answer(StrEnum):
    """What a customer says on the telephone."""

    NOBODY = "nobody"
    AGREES = "agrees"
    REFUSES = "refuses"
    CALL_BACK = "call_back"


@dataclass(frozen=True)
class Temper:
    """Everybody's behaviour under one seed."""

    seed: int

    def answer(self, customer_id: str, attempt: int) -> Answer:
        """What comes of the `attempt`-th call to a customer."""
        if self._chance("reachable", customer_id) >= REACHABLE_SHARE:
            return Answer.NOBODY
        if self._chance("answers", customer_id, attempt) >= ANSWER_SHARE:
            return Answer.NOBODY
        mood = self._chance("agrees", customer_id)
        if mood < AGREE_SHARE:
            return Answer.AGREES
        asks = mood >= 1 - CALL_BACK_SHARE and attempt == 1
        return Answer.CALL_BACK if asks else Answer.REFUSES

    def pick(self, about: str, options: Mapping[str, float]) -> str:
        """One of the options by its weight."""
        left = self._chance("pick", about) * sum(options.values())
        for option, weight in options.items():
            left -= weight
            if left < 0:
                return option
        return next(iter(options))

    def minutes(self, about: str, low: float, high: float) -> float:
        """How many business minutes somebody takes."""
        return low + (high - low) * self._chance("minutes", about)

    def _chance(self, *about: object) -> float:
        """From 0 to 1, the same for the same question."""
        text = "/".join(map(str, (self.seed, *about)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
