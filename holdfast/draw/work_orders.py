"""docs/work-orders.md: the states of work orders and what leads from one to another."""

from collections.abc import Mapping, Sequence

from holdfast.contracts import ROOT
from holdfast.draw.blocks import with_block
from services.ticketing.domain.states import ClockEffect, State
from services.ticketing.domain.transitions import COUNTER, RENEWAL, Transition

DOCUMENT = "docs/work-orders.md"
TABLES: Mapping[str, Sequence[Transition]] = {"renewal": RENEWAL, "counter": COUNTER}


def drawn() -> dict[str, str]:
    """The document with a picture and a table of each kind of order drawn anew."""
    text = (ROOT / DOCUMENT).read_text()
    for name, rows in TABLES.items():
        text = with_block(text, name, f"{_picture(rows)}\n\n{_table(rows)}")
    return {DOCUMENT: text}


def _picture(rows: Sequence[Transition]) -> str:
    """Arrows between two states carry all acts that lead there."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for row in rows:
        acts = arrows.setdefault((row.source, row.target), [])
        if row.act not in acts:
            acts.append(row.act)
    lines = [
        f"  {source} --> {target}: {', '.join(acts)}" for (source, target), acts in arrows.items()
    ]
    left = {source for source, _ in arrows}
    ends = [f"  {state} --> [*]" for state in State if state not in left]
    return "\n".join(
        ["```mermaid", "stateDiagram-v2", "  [*] --> new: dispatch", *lines, *ends, "```"]
    )


def _table(rows: Sequence[Transition]) -> str:
    head = [
        "| in state | act | leads to | only if | clock | told as |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *map(_row, rows)])


def _row(row: Transition) -> str:
    wanted = [f"the result is {row.result}"] if row.result else []
    checks = ", ".join([*wanted, *(f"`{check}`" for check in row.checks)])
    clock = "" if row.clock is ClockEffect.KEEP else row.clock.value
    told = f"`{row.told.event_type}`" if row.told else ""
    return f"| {row.source} | `{row.act}` | {row.target} | {checks} | {clock} | {told} |"
