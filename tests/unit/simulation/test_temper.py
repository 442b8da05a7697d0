"""How people behave stands beside the figures of the trade, and does not depend on when."""

import pytest

from holdfast.simulation.calibration import calibration
from holdfast.simulation.metrics import Scrape
from holdfast.simulation.plan import Plan
from holdfast.simulation.population import Population
from holdfast.simulation.temper import Answer, Temper


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


@pytest.mark.requirement("KP-12")
@pytest.mark.requirement("KP-21")
def test_the_province_stands_within_a_point_of_what_it_is_made_after(
    province: Population, plan: Plan
) -> None:
    figures = [f for f in calibration(province, plan) if f.target.endswith("%")]

    assert len(figures) == 6
    for figure in figures:
        assert percent(figure.value) == pytest.approx(percent(figure.target), abs=1.0), figure


def test_the_same_question_has_the_same_answer_whenever_it_is_asked() -> None:
    first, again, other = Temper(1), Temper(1), Temper(2)
    customers = [str(number) for number in range(200)]

    def answers(temper: Temper) -> list[Answer]:
        return [temper.answer(customer, 1) for customer in customers]

    assert answers(first) == answers(again) != answers(other)
    assert first.minutes("task", 3, 8) == again.minutes("task", 3, 8)


def test_a_call_back_is_asked_for_once() -> None:
    temper = Temper(1)

    for customer in map(str, range(2_000)):
        assert temper.answer(customer, 2) is not Answer.CALL_BACK


def test_a_quantile_is_the_bound_of_its_bucket_over_all_processes() -> None:
    scrape = Scrape()
    for process, counts in (("a", (1, 2, 2)), ("b", (0, 7, 8))):
        for bound, count in zip(("0.1", "0.5", "+Inf"), counts, strict=True):
            scrape.samples["t_bucket", (("le", bound), ("process", process))] = count

    assert scrape.quantile("t", 0.5) == 0.5
    assert scrape.quantile("t", 0.99) == float("inf")
    assert scrape.quantile("t", 0.5, process="a") == 0.1
    assert scrape.quantile("t", 0.5, process="c") is None
