"""The live view of every stage, read from the services' own figures and metrics."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

from rich.console import Console
from rich.live import Live
from rich.table import Table

from holdfast.simulation.gateway import Refused
from holdfast.simulation.metrics import Scrape, scrape
from holdfast.simulation.stage import Stage
from shared.working_calendar import ZONE

LOOK_SECONDS = 2.0
TELL_SECONDS = 20.0  # between two tables where nobody sits at a terminal

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A stage of the story: what it holds, and how long one step of it takes."""

    stage: str
    counts: str
    histogram: str
    labels: Mapping[str, str]


async def watch(stage: Stage, console: Console) -> None:
    """Until cancelled; a table in place at a terminal, else one now and then."""
    if not console.is_terminal:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            console.print(await drawn(stage))
    with Live(await drawn(stage), console=console, auto_refresh=False) as live:
        while True:
            began = time.monotonic()
            live.update(await drawn(stage), refresh=True)
            await asyncio.sleep(max(0.5, LOOK_SECONDS - (time.monotonic() - began)))


async def drawn(stage: Stage) -> Table:
    """The present moment as a table."""
    measured, (alerts, callcenter, ticketing, points), case = await asyncio.gather(
        scrape(stage.state), _figures(stage), newest_case(stage)
    )
    clock = stage.now().astimezone(ZONE)
    rate = stage.follower.clock.rate
    table = Table(
        "stage", "so far", "p50", "p99", title=f"{clock:%A %Y-%m-%d %H:%M}   {rate:g} × life"
    )
    for row in _rows(alerts, callcenter, ticketing, points):
        table.add_row(row.stage, row.counts, *_latency(measured, row))
    table.caption = f"holdfast trace {case}" if case else "no case yet"
    return table


async def _figures(stage: Stage) -> Sequence[Figures]:
    services = ("alerts", "callcenter", "ticketing", "points")
    return await asyncio.gather(*(_figures_of(stage, service) for service in services))


async def _figures_of(stage: Stage, service: str) -> Figures:
    """Empty while a service is away: the view goes on."""
    try:
        reply = await stage.auditor.get(f"/{service}/v1/figures")
    except Refused:
        return {}
    return reply.body if reply.done else {}


def _rows(
    alerts: Figures, callcenter: Figures, ticketing: Figures, points: Figures
) -> Sequence[Row]:
    http, batch = "holdfast_http_seconds", "holdfast_batch_seconds"
    reach, states = callcenter.get("reach", {}), ticketing.get("by_state", {})
    redeemed, records = points.get("redeemed", {}), alerts.get("records", {})
    return (
        Row("call records", _told(records, *records), http, {"operation": "takeUsage"}),
        Row("episodes", _by_rule(alerts), batch, {"topic": "holdfast.usage.v1"}),
        Row(
            "contact gate",
            _counted(callcenter, "proposals"),
            batch,
            {"topic": "holdfast.alerts.v1"},
        ),
        Row(
            "calls",
            _told(reach, "calls", "customers_reached", "customers_agreed"),
            http,
            {"operation": "recordResult"},
        ),
        Row(
            "work orders", _told(states, *_ORDER_STATES), batch, {"topic": "holdfast.callcenter.v1"}
        ),
        Row(
            "deadlines",
            _told(ticketing, "breached", "escalated"),
            http,
            {"operation": "completeOrder"},
        ),
        Row(
            "points",
            _told(points, "entries", "granted", "spent"),
            batch,
            {"topic": "holdfast.billing.v1"},
        ),
        Row("redemptions", _told(redeemed, *redeemed), http, {"operation": "redeemPoints"}),
    )


_OPEN = ("new", "in_progress", "waiting_dispatcher", "sent_back", "to_verify")
_ORDER_STATES = ("new", "in_progress", "to_verify", "verified_saved", "verified_lost", "cancelled")


def _told(figures: Figures, *names: str) -> str:
    """Numbers by their names; sums of what is told in parts."""
    shown = [
        f"{name.replace('_', ' ')} {_number(figures[name])}" for name in names if name in figures
    ]
    return "  ".join(shown) or "-"


def _number(value: object) -> str:
    """A figure; of one that is told in parts, their sum."""
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, int]", value)
        return f"{sum(parts.values()):,}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _counted(figures: Figures, name: str) -> str:
    counts: dict[str, int] = {}
    for one in figures.get(name, ()):
        counts[one["what"]] = counts.get(one["what"], 0) + int(one["count"])
    return "  ".join(f"{what} {count:,}" for what, count in sorted(counts.items())) or "-"


def _by_rule(alerts: Figures) -> str:
    counts = (f"{one['rule']} {_number(one['episodes'])}" for one in alerts.get("rules", ()))
    return "  ".join(counts) or "-"


def _latency(measured: Scrape, row: Row) -> tuple[str, str]:
    shares = (measured.quantile(row.histogram, share, **row.labels) for share in (0.5, 0.99))
    p50, p99 = ("-" if bound is None else f"≤ {bound * 1000:g} ms" for bound in shares)
    return p50, p99


async def newest_case(stage: Stage) -> str:
    """The fact that the newest open work order came of; empty while there is none."""
    try:
        orders = await stage.auditor.get("/ticketing/v1/orders", limit=200, state=_OPEN)
    except Refused:
        return ""
    items = orders.body["items"] if orders.done else ()
    return max(items, key=itemgetter("dispatched_at"))["cause_event"] if items else ""
