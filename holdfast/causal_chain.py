"""A fact's causes up to the first and its effects down to the last, over all services.

A fact that a fact caused says so. A request or a timer has no cause that anybody knows: there the
chain goes on with the fact that was told before about the same subject, or with what else the same
request led to.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2

from shared.events.catalogue import find_route
from shared.events.usage import UsageControl

STEPS_MAX = 200  # a chain that is read by a person; the root of a bill run has a million effects

# The merger's copies for the usage log: what follows from them names the fact that was copied.
_COPIES = UsageControl.event_type

# The services whose facts are about something that people act on (shared/web/links.py).
WITH_HISTORIES = ("alerts", "callcenter", "ticketing")


class TraceFailed(Exception):  # noqa: N818 - the message says what to do.
    """The services cannot be asked."""


@dataclass(frozen=True)
class Cause:
    """What a fact was caused by: another fact, or somebody's request, or a timer."""

    id: str
    type: str

    @property
    def is_fact(self) -> bool:
        if find_route(self.type) is not None:
            return True
        try:
            UUID(self.id)
        except ValueError:
            return False
        return True


@dataclass(frozen=True)
class Fact:
    """A fact as the services noted it; one from outside has neither service nor times."""

    event_id: str
    type: str
    service: str = ""
    subject: str = ""
    at: datetime | None = None
    recorded_at: datetime | None = None
    causes: tuple[Cause, ...] = ()

    @property
    def acts(self) -> list[Cause]:
        """The requests and timers among its causes."""
        return [cause for cause in self.causes if not cause.is_fact]


@dataclass
class Step:
    """A fact in its chain, and what followed from it; `cut` if there was more than is shown."""

    fact: Fact
    then: list["Step"] = field(default_factory=list["Step"])
    cut: bool = False


@dataclass
class Links:
    """What the services know of steps, asked over HTTP and once each."""

    client: httpx2.AsyncClient
    services: Sequence[str]
    _answers: dict[str, Any] = field(default_factory=dict[str, Any])

    async def fact(self, event_id: str) -> Fact | None:
        for service, told in (await self._of_event(event_id)).items():
            for found in _facts(service, told["links"]):
                return found
        return None

    async def effects(self, event_id: str) -> list[Fact]:
        told = await self._of_event(event_id)
        return [f for service, known in told.items() for f in _facts(service, known["effects"])]

    async def of_cause(self, cause: Cause) -> list[Fact]:
        told = await self._of_all("v1/links", {"cause_id": cause.id})
        return [fact for service, rows in told.items() for fact in _facts(service, rows)]

    async def history(self, service: str, subject: str) -> list[Fact]:
        if service not in WITH_HISTORIES:
            return []
        return _facts(service, await self._ask(f"/{service}/v1/histories", {"subject": subject}))

    async def _of_event(self, event_id: str) -> dict[str, Any]:
        try:
            return await self._of_all(f"v1/links/{UUID(event_id)}", {})
        except ValueError:  # a source outside may number its records as it likes
            return {}

    async def _of_all(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        asked = [self._ask(f"/{service}/{path}", query) for service in self.services]
        return dict(zip(self.services, await asyncio.gather(*asked), strict=True))

    async def _ask(self, path: str, query: dict[str, str]) -> Any:  # noqa: ANN401 - JSON.
        name = f"{path}?{query}"
        if name not in self._answers:
            self._answers[name] = await answer(self.client, path, query)
        return self._answers[name]


async def answer(client: httpx2.AsyncClient, path: str, query: dict[str, str]) -> Any:  # noqa: ANN401 - JSON.
    """What a service says.

    Raises:
        TraceFailed: it does not answer, or refuses.
    """
    try:
        said = await client.get(path, params=query)
    except httpx2.TransportError as error:
        raise TraceFailed(
            f"nobody answers at {client.base_url} ({error}): `holdfast up`, or give --url"
        ) from error
    if said.status_code in {401, 403}:
        raise TraceFailed(
            f"{path} refuses this token: give --token one of an auditor or a platform_engineer"
        )
    if said.status_code != 200:  # noqa: PLR2004 - the one status that has what we want.
        raise TraceFailed(f"{path} answers {said.status_code}: {said.text[:200]}")
    return said.json()


async def trace(links: Links, event_id: str) -> Step | None:
    """The chain through a fact, from its first cause on; None when nobody knows the fact.

    Only what follows from the fact itself is told in full: a message of usage began many chains.
    """
    fact = await links.fact(event_id)
    if fact is None:
        effects = await links.effects(event_id)
        if not effects:
            return None
        causes = [cause for effect in effects for cause in effect.causes if cause.id == event_id]
        fact = Fact(event_id, causes[0].type)
    above = await _above(links, fact)
    step = await _below(links, fact, seen={known.event_id for known in above} | {fact.event_id})
    for cause in above:
        step = Step(cause, [step])
    return step


async def _above(links: Links, fact: Fact) -> list[Fact]:
    """Its causes, the nearest first."""
    found: list[Fact] = []
    seen = {fact.event_id}
    cause = await _before(links, fact)
    while cause is not None and cause.event_id not in seen and len(found) < STEPS_MAX:
        found.append(cause)
        seen.add(cause.event_id)
        cause = await _before(links, cause)
    return found


async def _before(links: Links, fact: Fact) -> Fact | None:
    """The one fact that a fact follows."""
    if (told := await _told_cause(links, fact)) is not None:
        return told
    if (previous := await _previous(links, fact)) is not None:
        return previous
    for act in fact.acts:
        for other in await links.of_cause(act):
            if other.event_id == fact.event_id:
                continue
            whole = await links.fact(other.event_id) or other
            before = await _told_cause(links, whole) or await _previous(links, whole)
            if before is not None:
                return before
    return None


async def _told_cause(links: Links, fact: Fact) -> Fact | None:
    for cause in fact.causes:
        if cause.is_fact:
            return await links.fact(cause.id) or Fact(cause.id, cause.type)
    return None


async def _previous(links: Links, fact: Fact) -> Fact | None:
    """What was told before about the same subject."""
    history = await links.history(fact.service, fact.subject)
    places = [n for n, known in enumerate(history) if known.event_id == fact.event_id]
    return history[places[0] - 1] if places and places[0] > 0 else None


async def _below(links: Links, fact: Fact, *, seen: set[str]) -> Step:
    followers = [f for f in await _followers(links, fact) if f.event_id not in seen]
    room = max(0, STEPS_MAX - len(seen))
    seen.update(follower.event_id for follower in followers)
    step = Step(fact, cut=len(followers) > room)
    for follower in followers[:room]:
        step.then.append(await _below(links, follower, seen=seen))
    return step


async def _followers(links: Links, fact: Fact) -> list[Fact]:
    """Its effects, then the next fact about its subject and what the same request led to."""
    found = await links.effects(fact.event_id)
    history = await links.history(fact.service, fact.subject)
    places = [n for n, known in enumerate(history) if known.event_id == fact.event_id]
    found += history[places[0] + 1 : places[0] + 2] if places else []
    for follower in list(found):
        for act in (await links.fact(follower.event_id) or follower).acts:
            found += [f for f in await links.of_cause(act) if await _begins(links, f)]
    told = [follower for follower in found if follower.type != _COPIES]
    whole = [await links.fact(follower.event_id) or follower for follower in told]
    return list({follower.event_id: follower for follower in whole}.values())


async def _begins(links: Links, fact: Fact) -> bool:
    """Whether it is the first that was told about its subject."""
    return await _previous(links, fact) is None


def _facts(service: str, rows: Iterable[dict[str, Any]]) -> list[Fact]:
    """Rows of one event are one fact with several causes."""
    found: dict[str, Fact] = {}
    for row in rows:
        earlier = found.get(row["event_id"])
        cause = (Cause(row["cause_id"], row["cause_type"] or ""),) if row["cause_id"] else ()
        route = find_route(row["type"])
        # A service may note what it read: when it did so says nothing about when it was told.
        own = route is None or service in route.topic.publishers
        found[row["event_id"]] = Fact(
            event_id=row["event_id"],
            type=row["type"],
            service=service if own else "",
            subject=row["subject"],
            at=datetime.fromisoformat(row["at"]),
            recorded_at=datetime.fromisoformat(row["recorded_at"]) if own else None,
            causes=(*(earlier.causes if earlier else ()), *cause),
        )
    return list(found.values())
