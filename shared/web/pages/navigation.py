"""What a role finds where (docs/decisions/0010-pages.md): start page, and entries in order.

An entry is shown if its page is in `BUILT`; whoever builds a page adds its path there, and a test
compares the list with what the applications serve.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.identity import Role
from shared.web.pages.words import msgid as m

BUILT = frozenset({"/me"})
"""Paths of the pages that exist."""

WITHOUT_A_PAGE = "/me"
"""Where somebody begins for whose role nothing is built yet."""

ENTRIES_MAX = 7


@dataclass(frozen=True)
class Entry:
    """A place in the navigation: its name (a msgid), its address, its icon."""

    name: str
    url: str
    icon: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


_MY_ORDERS = "/ticketing/orders?county=mine&open=1"

_ORDERS = Entry(m("Orders"), _MY_ORDERS, "inbox")
_COUNTER = Entry(m("Counter retention"), "/ticketing/counter", "building-store")
_APPOINTMENTS = Entry(m("Appointments"), "/callcenter/appointments", "calendar-event")
_SEARCH = Entry(m("Search"), "/search", "search")
_REASONS = Entry(m("Lost-order reasons"), "/ticketing/reasons", "chart-bar")
_DELIVERIES = Entry(m("Deliveries"), "/ticketing/deliveries", "send")
_DESK = Entry(m("Agent desktop"), "/callcenter/desk", "headset")
_CALL_BACKS = Entry(m("Call-backs"), "/callcenter/callbacks", "phone-call")
_TEAM = Entry(m("Team"), "/callcenter/team", "users")
_KPI = Entry(m("Figures"), "/alerts/kpi", "chart-line")
_FEED = Entry(m("Alerts"), "/alerts/feed", "bell")
_POINTS = Entry(m("Points overview"), "/points", "coins")

NAVIGATION: Mapping[Role, Sequence[Entry]] = {
    Role.COUNTY_CLERK: (_ORDERS, _COUNTER, _APPOINTMENTS, _SEARCH),
    Role.STORE_CLERK: (_COUNTER, _APPOINTMENTS, _SEARCH),
    Role.HOTLINE_AGENT: (
        Entry(m("Leaving signals"), "/ticketing/counter?channel=hotline", "phone"),
        _APPOINTMENTS,
        _SEARCH,
    ),
    Role.RETENTION_OWNER: (
        _ORDERS,
        _COUNTER,
        Entry(m("Feedback"), "/ticketing/feedback", "message-question"),
        _REASONS,
        Entry(m("County figures"), "/ticketing/figures", "chart-line"),
    ),
    Role.DISPATCHER: (
        Entry(m("To verify"), "/ticketing/verify", "eye-check"),
        Entry(m("All orders"), "/ticketing/orders", "inbox"),
        Entry(m("Dispatch"), "/ticketing/dispatch", "clipboard-plus"),
        _REASONS,
        _DELIVERIES,
    ),
    Role.GROUP_DEPARTMENT: (
        Entry(m("Copies"), "/ticketing/copies", "copy"),
        Entry(m("Assistance tasks"), "/ticketing/assistance", "users"),
        Entry(m("Group accounts"), "/ticketing/groups", "building"),
    ),
    Role.MANAGER: (
        _DESK,
        Entry(m("My customers"), "/callcenter/portfolio", "address-book"),
        _CALL_BACKS,
        _APPOINTMENTS,
        Entry(m("My figures"), "/callcenter/figures", "chart-line"),
    ),
    Role.PART_TIME_MANAGER: (_DESK, _CALL_BACKS),
    Role.GROUP_LEAD: (
        _TEAM,
        _CALL_BACKS,
        Entry(m("Portfolios"), "/callcenter/portfolios", "address-book"),
        _DESK,
        _KPI,
    ),
    Role.SUPERVISOR: (
        Entry(m("Overview"), "/", "layout-dashboard"),
        _FEED,
        Entry(m("Orders"), "/ticketing/orders", "inbox"),
        _TEAM,
        _KPI,
        _POINTS,
    ),
    Role.RULE_AUTHOR: (
        Entry(m("Rules"), "/alerts/rules", "adjustments"),
        Entry(m("Backtests"), "/alerts/backtests", "history"),
        _FEED,
        Entry(m("Policies"), "/alerts/policies", "route"),
        Entry(m("Suppressions"), "/alerts/suppressions", "bell-off"),
        _KPI,
    ),
    Role.POINTS_OPERATOR: (
        _POINTS,
        Entry(m("Members"), "/points/members", "users"),
        Entry(m("Programmes"), "/points/programmes", "file-text"),
        Entry(m("Simulation"), "/points/tiers/simulate", "adjustments"),
        Entry(m("Settlement"), "/points/settlement", "scale"),
        Entry(m("Auctions"), "/points/auctions", "gavel"),
    ),
    Role.AUDITOR: (
        Entry(m("Audit"), "/ops/audit", "shield-check"),
        Entry(m("Points vouchers"), "/points/vouchers", "coins"),
        Entry(m("Rule versions"), "/alerts/rules/versions", "history"),
        Entry(m("Order history"), "/ticketing/history", "inbox"),
        Entry(m("Revealed numbers"), "/ops/audit/reveals", "eye-check"),
    ),
    Role.PLATFORM_ENGINEER: (
        Entry(m("Operations"), "/ops", "activity"),
        Entry(m("Dead letters"), "/ops/deadletters", "mail-x"),
        Entry(m("Jobs"), "/ops/jobs", "list-check"),
        _DELIVERIES,
    ),
}
"""The order of the roles is their rank: the uppermost one that somebody holds decides."""

ROLE_NAMES: Mapping[Role, str] = {
    Role.COUNTY_CLERK: m("County clerk"),
    Role.STORE_CLERK: m("Store clerk"),
    Role.HOTLINE_AGENT: m("Hotline agent"),
    Role.RETENTION_OWNER: m("Retention owner"),
    Role.DISPATCHER: m("Dispatcher"),
    Role.GROUP_DEPARTMENT: m("Group department"),
    Role.MANAGER: m("Manager"),
    Role.PART_TIME_MANAGER: m("Part-time manager"),
    Role.GROUP_LEAD: m("Work-group lead"),
    Role.SUPERVISOR: m("Supervisor"),
    Role.RULE_AUTHOR: m("Rule author"),
    Role.POINTS_OPERATOR: m("Points operator"),
    Role.AUDITOR: m("Auditor"),
    Role.PLATFORM_ENGINEER: m("Platform engineer"),
}


def ranked(roles: Iterable[Role]) -> list[Role]:
    """The roles of a person who uses pages, uppermost first; machines' roles have no pages."""
    held = frozenset(roles)
    return [role for role in NAVIGATION if role in held]


def entries_for(roles: Iterable[Role], built: frozenset[str] = BUILT) -> list[Entry]:
    """The union of what the roles find, in order, without pages that do not exist."""
    found: dict[str, Entry] = {}
    for role in ranked(roles):
        for entry in NAVIGATION[role]:
            # Two roles may reach one page by different filters; one entry is enough.
            if entry.path in built and entry.path not in found:
                found[entry.path] = entry
    return list(found.values())[:ENTRIES_MAX]


def start_page(roles: Iterable[Role], built: frozenset[str] = BUILT) -> str:
    """Where the uppermost role begins: its first entry, or the first that exists."""
    entries = entries_for(roles, built)
    return entries[0].url if entries else WITHOUT_A_PAGE
