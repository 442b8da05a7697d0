"""What processes say of themselves, added up; who says nothing is not believed to be at ease."""

import pytest

from holdfast.simulation.metrics import Scrape
from holdfast.stack.state import SERVICES

Sample = tuple[str, dict[str, str], float]


def scraped(*samples: Sample) -> Scrape:
    return Scrape({(name, tuple(sorted(labels.items()))): n for name, labels, n in samples})


def ready(count: float = len(SERVICES)) -> Sample:
    return ("holdfast_ready", {}, count)


def lag(topic: str, count: float) -> Sample:
    return ("holdfast_position_lag", {"topic": topic, "partition": "1"}, count)


@pytest.mark.parametrize(
    ("samples", "read"),
    [
        ((ready(), lag("a", 0), lag("b", 0)), True),
        ((ready(), lag("a", 0), lag("b", 3)), False),
        ((ready(len(SERVICES) - 1), lag("a", 0)), False),
        ((), False),
    ],
    ids=["all read", "something waits", "a worker is away", "nobody answers"],
)
def test_topics_are_read_when_every_worker_says_so(
    samples: tuple[Sample, ...], *, read: bool
) -> None:
    assert scraped(*samples).are_read(["a", "b"]) is read


def test_what_waits_in_another_topic_is_not_asked_for() -> None:
    assert scraped(ready(), lag("a", 0), lag("b", 3)).are_read(["a"])


def bucket(bound: str, count: float, operation: str = "take") -> Sample:
    return ("seconds_bucket", {"le": bound, "operation": operation}, count)


def test_a_quantile_is_the_bound_below_which_that_share_lies() -> None:
    seen = scraped(
        bucket("0.1", 50), bucket("1", 98), bucket("+Inf", 100), bucket("0.1", 9, "other")
    )

    bounds = [seen.quantile("seconds", share, operation="take") for share in (0.5, 0.51, 0.99)]

    assert bounds == [0.1, 1.0, float("inf")]
    assert seen.quantile("seconds", 0.5, operation="nobody") is None
