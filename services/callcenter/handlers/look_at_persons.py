"""Names and numbers: filled by BOSS, shown masked, revealed for a reason, always noted (CC-30)."""

from collections.abc import Sequence
from datetime import datetime

from services.callcenter.store import vault
from services.callcenter.store.vault import Look, Person
from shared.database import UnitOfWork
from shared.errors import NotFound

FOUND_MAX = 100  # a page's worth; whoever finds more searches for more


async def fill_vault(persons: Sequence[Person], uow: UnitOfWork) -> None:
    """The last of a customer's rows stands.

    Raises:
        Forbidden: one of them is, or was, outside the caller's organisation; nothing is written.
    """
    newest = {person.customer_id: person for person in persons}
    await vault.fill(uow.connection, list(newest.values()))


async def show_cards(
    customers: Sequence[int], caller: str, at: datetime, uow: UnitOfWork
) -> list[Person]:
    """Whom the caller may see of them; one audit row for the page."""
    found = await vault.persons(uow.connection, customers)
    seen = [person.customer_id for person in found]
    await vault.note(uow.connection, Look("cards", caller, seen, at))
    return found


async def search_vault(wanted: str, caller: str, at: datetime, uow: UnitOfWork) -> list[int]:
    """Customers by number, name or last four digits; what was asked for is not kept."""
    found = await vault.search(uow.connection, wanted, FOUND_MAX)
    await vault.note(uow.connection, Look("search", caller, found, at))
    return found


async def reveal_person(
    customer_id: int, reason: str, *, caller: str, at: datetime, uow: UnitOfWork
) -> Person:
    """The whole name and number, one audit row each.

    Raises:
        NotFound: the caller may see no such person.
    """
    found = await vault.persons(uow.connection, [customer_id])
    if not found:
        raise NotFound(f"No person for customer {customer_id}")
    await vault.note(uow.connection, Look("reveal", caller, [customer_id], at, reason))
    return found[0]
