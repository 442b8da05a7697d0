"""What came of the story, gathered from the services' facts one by one."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from holdfast.simulation.facts import Told

COUNTER_ORDER = "counter_retention"


@dataclass
class Outcome:
    """Counts and sets that the checks compare with the plan; customers by their ids."""

    raised: list[tuple[int, str, datetime]] = field(default_factory=list[tuple[int, str, datetime]])
    customers_with_episode: set[int] = field(default_factory=set[int])
    reached: dict[int, set[str]] = field(default_factory=lambda: defaultdict[int, set[str]](set))
    """Outbound contacts that reached a customer, by their grants."""
    proposals: set[str] = field(default_factory=set[str])
    """Of points: the clearing reminders."""
    granted: set[str] = field(default_factory=set[str])
    order_types: dict[str, str] = field(default_factory=dict[str, str])
    verified: dict[str, str] = field(default_factory=dict[str, str])
    lost_reasons: Counter[str] = field(default_factory=Counter[str])
    breached: set[str] = field(default_factory=set[str])
    escalated: set[str] = field(default_factory=set[str])
    told: Counter[str] = field(default_factory=Counter[str])

    def take(self, fact: Told) -> None:
        """Count one more fact."""
        self.told[fact.event_type] += 1
        match fact.event_type:
            case "alerts.raised.v1":
                self.raised.append((fact.customer, fact.body["rule"], fact.at))
            case "alerts.episode_opened.v1":
                self.customers_with_episode.add(fact.customer)
            case "points.contact_proposed.v1":
                self.proposals.add(fact.body["proposal_id"])
            case "callcenter.contact_granted.v1":
                self.granted.add(fact.body["proposal_id"])
            case "callcenter.contact_recorded.v1":
                self._contact(fact)
            case _:
                self._order(fact)

    def _contact(self, fact: Told) -> None:
        """An inbound call and a counter case have no grant and count for nothing (contracts §5)."""
        grant = fact.body.get("grant_id")
        if fact.body["reached"] and not fact.body["inbound"] and grant:
            self.reached[fact.customer].add(grant)

    def _order(self, fact: Told) -> None:
        body = fact.body
        match fact.event_type:
            case "ticketing.work_order_dispatched.v1":
                self.order_types[body["order_id"]] = body["order_type"]
            case "ticketing.work_order_verified.v1":
                self.verified[body["order_id"]] = body["result"]
                if body["result"] == "lost" and body.get("lost_reason"):
                    self.lost_reasons[body["lost_reason"]] += 1
            case "ticketing.deadline_breached.v1":
                self.breached.add(body["order_id"])
            case "ticketing.escalated.v1":
                self.escalated.add(body["order_id"])
            case _:
                pass

    def verified_of(self, *, counter: bool) -> int:
        kinds = (self.order_types.get(order, "") for order in self.verified)
        return sum((kind == COUNTER_ORDER) == counter for kind in kinds)
