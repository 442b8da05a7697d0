"""From the command to the first live record: what is shown, and that all of it adds up."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from holdfast.simulation.start import BUDGET_SECONDS, Start

STEPS = {
    "Kafka and PostgreSQL": 5.0,
    "roles, migrations, clock": 4.0,
    "topics": 0.5,
    "workers and web": 6.0,
}


def drawn(table: Table) -> str:
    page = Console(file=io.StringIO(), width=100)
    page.print(table)
    assert isinstance(page.file, io.StringIO)
    return page.file.getvalue()


def test_each_part_of_a_start_stands_beside_its_budget_once_the_first_record_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = iter([100.0, 125.0, 137.5])
    monkeypatch.setattr("holdfast.simulation.start.time.monotonic", lambda: next(now))
    shown: list[Table] = []
    start = Start(STEPS, shown.append)

    start.opened()
    assert shown == []
    start.first_record()

    assert list(start.seconds.values()) == [11.0, 4.5, 25.0, 12.5]
    [table] = shown
    lines = [line.split() for line in drawn(table).splitlines()]
    told = [[word for word in line if word not in "│┃"] for line in lines]
    assert ["stack", "11.0", "12"] in told
    assert ["all", "of", "it", "53.0", str(sum(BUDGET_SECONDS.values()))] in told


def test_a_stack_that_was_up_already_costs_nothing() -> None:
    assert set(Start({}, lambda _: None).seconds.values()) == {0.0}
