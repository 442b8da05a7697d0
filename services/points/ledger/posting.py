"""What is posted: entries with ids that repeat, deduplicated, and refused when they differ."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.points.ledger.accounts import Account, Kind


@dataclass(frozen=True)
class Posting:
    """One transfer on one lot, before it has a version."""

    customer_id: int
    county: str
    entry_id: UUID
    programme: str
    programme_version: int
    cohort: int
    kind: Kind
    amount: int
    debit: Account
    credit: Account
    business_date: date
    reference: str
    # Of the lot that it may open; who spends needs one that is open.
    clears_on: date | None = None
    reminds_on: date | None = None

    @property
    def payload_hash(self) -> bytes:
        """What must not differ when the same entry id comes again, and what no one may change.

        The audit computes it a second time, in SQL (statements.AUDIT_ENTRIES).
        """
        said = "|".join(
            (
                self.programme,
                str(self.cohort),
                self.kind,
                str(self.amount),
                self.debit,
                self.credit,
                self.reference,
            )
        )
        return hashlib.sha256(said.encode()).digest()[:16]


@dataclass(frozen=True)
class Posted:
    """An entry as it stands in the ledger."""

    posting: Posting
    lot_version: int
    available: int


class ConflictingRepeat(Exception):  # noqa: N818 - the record's fault, named.
    """An entry id came again with another content."""

    def __init__(self, entry_id: UUID) -> None:
        super().__init__(f"entry {entry_id} was posted with another content")
        self.entry_id = entry_id


def without_repeats(postings: Iterable[Posting]) -> list[Posting]:
    """Each entry id once, by customer, and within a customer in the order in which they came.

    That order is told outside: what an opening lot spent must follow what it granted.

    Raises:
        ConflictingRepeat: one batch holds an id twice with different contents.
    """
    kept: dict[tuple[int, UUID], Posting] = {}
    for posting in postings:
        key = (posting.customer_id, posting.entry_id)
        first = kept.setdefault(key, posting)
        if first is not posting and first.payload_hash != posting.payload_hash:
            raise ConflictingRepeat(posting.entry_id)
    return [kept[key] for key in sorted(kept, key=lambda key: key[0])]
