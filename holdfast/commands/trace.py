"""`holdfast trace EVENT_ID|ORDER_NUMBER`: the causal chain over all services."""

import asyncio
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx2
import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from holdfast.causal_chain import Fact, Links, Step, TraceFailed, answer
from holdfast.causal_chain import trace as follow
from holdfast.stack.state import SERVICES, home_folder, load
from holdfast.tokens import NoIssuer, mint, open_issuer
from shared.identity import Caller, Role
from shared.working_calendar import ZONE

ORDER_NUMBER = re.compile(r"^[0-9]{6}-[0-9]{6}$")
ANSWER_SECONDS = 10.0
WIDTH = 180  # of a long chain, whose lines a pipe or a small window must not cut


def trace(
    asked: Annotated[
        str, typer.Argument(metavar="EVENT_ID|ORDER_NUMBER", help="say 260227-000017")
    ],
    *,
    url: Annotated[
        str, typer.Option(envvar="HOLDFAST_URL", help="where the services answer; the local stack")
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="HOLDFAST_TOKEN", help="an auditor's; made for the local stack")
    ] = "",
    home: Annotated[Path | None, typer.Option(help="the stack's folder")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Follow a fact back to what began it, and on to all that came of it.

    Beside each step stands the machine time that passed since the step above. Steps are kept for
    90 days, longer than the facts themselves lie in an outbox.

    Example: holdfast trace 260227-000017
    """
    try:
        where, bearer = _where(url, token, home)
        event_id, chain = asyncio.run(_asked(asked, where, bearer))
    except (TraceFailed, NoIssuer) as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from failure
    if as_json:
        print(json.dumps({"asked": asked, "event_id": event_id, "steps": listed(chain)}))
    else:
        console = Console()
        Console(width=max(console.width, WIDTH)).print(drawn(chain, event_id))


def _where(url: str, token: str, home: Path | None) -> tuple[str, str]:
    """The address to ask and the token to show, from the options or from the local stack."""
    folder = home_folder(home)
    state = load(folder)
    if not url and state is None:
        raise TraceFailed(f"no stack in {folder}: run `holdfast up`, or give --url and --token")
    if not token:
        who = Caller("trace", "holdfast trace", frozenset({Role.AUDITOR}), "99")
        token = mint(open_issuer(folder), who)
    return url or f"http://127.0.0.1:{state.web_port if state else 0}", token


async def _asked(asked: str, url: str, token: str) -> tuple[str, Step]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        base_url=url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
    ) as client:
        return await find(asked, client)


async def find(asked: str, client: httpx2.AsyncClient) -> tuple[str, Step]:
    """The fact that was asked for and its chain.

    Raises:
        TraceFailed: nobody knows it.
    """
    links = Links(client, SERVICES)
    event_id = await _event_of(asked, links)
    chain = await follow(links, event_id)
    if chain is None:
        raise TraceFailed(
            f"no service told a fact {event_id}, or because of one, within the last 90 days"
        )
    return event_id, chain


async def _event_of(asked: str, links: Links) -> str:
    """An event's id as it is; of an order the fact that dispatched it."""
    if not ORDER_NUMBER.match(asked):
        try:
            return str(UUID(asked))
        except ValueError as error:
            raise TraceFailed(f"{asked} is neither an event's id nor an order's number") from error
    page = await answer(links.client, "/ticketing/v1/orders", {"number": asked, "limit": "1"})
    orders = [order for order in page["items"] if order["number"] == asked]
    if not orders:
        raise TraceFailed(f"ticketing knows no order {asked}")
    history = await links.history("ticketing", f"order/{orders[0]['order_id']}")
    if not history:
        raise TraceFailed(f"nothing was told of order {asked} within the last 90 days")
    return history[0].event_id


def drawn(chain: Step, event_id: str) -> Tree:
    """The chain as a tree; the fact that was asked for stands out."""
    tree = Tree(_line(chain.fact, None, event_id))
    _add(tree, chain, event_id)
    return tree


def _add(tree: Tree, step: Step, event_id: str) -> None:
    for following in step.then:
        _add(tree.add(_line(following.fact, step.fact, event_id)), following, event_id)
    if step.cut:
        tree.add(Text("more came of it: holdfast trace with one of these ids", style="yellow"))


def _line(fact: Fact, above: Fact | None, event_id: str) -> Text:
    found = fact.event_id == event_id
    line = Text(fact.type, style="bold reverse" if found else "bold")
    line.append(f"  {fact.event_id}", style="dim")
    if not fact.service:
        line.append("  from outside", style="dim")
    if fact.at is None:
        return line
    line.append(f"\n{fact.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}  {fact.subject}")
    if (passed := seconds_between(above, fact)) is not None:
        line.append(f"  after {_told(passed)}", style="cyan")
    for act in fact.acts:
        line.append(f"  by {act.type} {act.id}", style="dim")
    return line


def listed(chain: Step) -> list[dict[str, Any]]:
    """Every step with the step above it, causes before effects."""
    found: list[dict[str, Any]] = []

    def add(step: Step, above: Fact | None) -> None:
        fact = step.fact
        found.append(
            {
                "event_id": fact.event_id,
                "type": fact.type,
                "service": fact.service or None,
                "subject": fact.subject or None,
                "at": _text(fact.at),
                "recorded_at": _text(fact.recorded_at),
                "after": above.event_id if above else None,
                "seconds": seconds_between(above, fact),
                "cut": step.cut,
                "by": [f"{act.type} {act.id}" for act in fact.acts],
            }
        )
        for following in step.then:
            add(following, fact)

    add(chain, None)
    return found


def seconds_between(above: Fact | None, fact: Fact) -> float | None:
    """Machine time from one step to the next; None where one of them was not ours to measure."""
    if above is None or above.recorded_at is None or fact.recorded_at is None:
        return None
    return (fact.recorded_at - above.recorded_at).total_seconds()


def _told(seconds: float) -> str:
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s"


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
