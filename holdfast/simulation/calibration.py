"""How the made province stands beside the figures it is calibrated on (requirements §4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.simulation.plan import Plan
from holdfast.simulation.population import (
    DIAMOND_AND_GOLD_SHARE,
    TIERS,
    VALUED_SHARE,
    Population,
)
from holdfast.simulation.temper import ATTEMPTS_MAX, Answer, Temper
from shared.events.customers import Tier

SAMPLE = 20_000  # KP-12 counts 20,000 and more contacts; that many customers are asked here


@dataclass(frozen=True)
class Figure:
    """A figure of the made province, and the one it is made after."""

    name: str
    value: str
    target: str
    source: str


def calibration(population: Population, plan: Plan) -> Sequence[Figure]:
    """The table that `holdfast simulate --report` prints."""
    return (*_customers(population), *_contacts(population), *_causes(plan))


def _customers(population: Population) -> Sequence[Figure]:
    share = np.bincount(population.tier, minlength=len(TIERS)) / population.size
    upper = share[: TIERS.index(Tier.GOLD) + 1].sum()
    silver = share[TIERS.index(Tier.SILVER)]
    revenue = np.sort(population.bills_fen.sum(axis=1))[::-1]
    top = revenue[: round(VALUED_SHARE * population.size)].sum() / revenue.sum()
    managed = int((population.manager >= 0).sum())
    tiers = (
        Figure(f"tier {tier.value}", f"{int(part * population.size):,}", "", "PT-25 to PT-28")
        for tier, part in zip(TIERS, share, strict=True)
    )
    return (
        Figure("customers", f"{population.size:,}", "at least 50,000", "demo"),
        *tiers,
        Figure("diamond and gold", f"{upper:.1%}", f"{DIAMOND_AND_GOLD_SHARE:.1%}", "KP-18"),
        Figure("silver", f"{silver:.1%}", f"{VALUED_SHARE - DIAMOND_AND_GOLD_SHARE:.1%}", "KP-18"),
        Figure("revenue of the top 32 %", f"{top:.1%}", "78.0%", "KP-21"),
        Figure("customers with a manager", f"{managed:,}", "", "KP-20"),
    )


def _contacts(population: Population) -> Sequence[Figure]:
    temper = Temper(population.seed)
    calls = reached = agreed = 0
    asked = population.customer_id[:SAMPLE].tolist()
    for customer in asked:
        answers = [temper.answer(str(customer), n + 1) for n in range(ATTEMPTS_MAX)]
        first = next((n for n, a in enumerate(answers) if a is not Answer.NOBODY), None)
        calls += ATTEMPTS_MAX if first is None else first + 1
        reached += first is not None
        agreed += first is not None and answers[first] is Answer.AGREES
    return (
        Figure("calls that connect", f"{reached / calls:.1%}", "60.0%", "KP-14"),
        Figure("customers reached", f"{reached / len(asked):.1%}", "83.0%", "KP-12"),
        Figure("of them retained", f"{agreed / reached:.1%}", "45.0%", "KP-12"),
    )


def _causes(plan: Plan) -> Sequence[Figure]:
    return tuple(
        Figure(f"planted: {cause.value}", f"{len(found):,}", "", "demo")
        for cause, found in plan.by_cause.items()
    )
