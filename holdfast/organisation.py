"""The organisation tree: a versioned file, loaded into each schema's `org_unit` (contracts §4)."""

import asyncio
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import text

from shared.database import create_engine, unit_of_work
from shared.events.event import OrganisationCode

Kind = Literal["province", "city", "county", "store"]
_DIGITS: dict[Kind, int] = {"province": 2, "city": 4, "county": 6, "store": 9}


class Webhook(BaseModel):
    """Where a unit hears of its orders; `secret` names a file in HOLDFAST_WEBHOOK_SECRETS."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=500)]
    secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$")]


class Unit(BaseModel):
    """One unit; its code begins with its parent's. The people are named by their login (`sub`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: OrganisationCode
    kind: Kind
    name_zh: str
    name_en: str
    retention_owner: str | None = None
    dispatcher: str | None = None
    mailbox: Annotated[str | None, Field(pattern=r"^[^\s@<>,]+@[^\s@<>,]+$")] = None
    mail_language: Literal["zh", "en"] = "zh"
    webhook: Webhook | None = None
    calendar: str | None = None

    @property
    def parent(self) -> str | None:
        shorter = [digits for digits in _DIGITS.values() if digits < len(self.code)]
        return self.code[: max(shorter)] if shorter else None


class Organisation(BaseModel):
    """The whole tree. A unit comes after the unit it belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, Field(gt=0)]
    units: tuple[Unit, ...]

    @model_validator(mode="after")
    def _each_has_its_place(self) -> "Organisation":
        known: set[str] = set()
        for unit in self.units:
            if len(unit.code) != _DIGITS[unit.kind]:
                raise ValueError(f"{unit.code}: a {unit.kind} has {_DIGITS[unit.kind]} digits")
            if unit.code in known:
                raise ValueError(f"{unit.code} stands twice")
            if unit.parent is not None and unit.parent not in known:
                raise ValueError(f"{unit.code}: its parent {unit.parent} must stand above it")
            known.add(unit.code)
        return self


def read_organisation(file: Path | None = None) -> Organisation:
    """The shipped tree, or an operator's own file.

    Raises:
        pydantic.ValidationError: the file is no tree; it names the unit.
    """
    shipped = resources.files("holdfast") / "organisation.yaml"
    content = (file or shipped).read_text(encoding="utf-8")
    return Organisation.model_validate(yaml.safe_load(content))


# A file that is older than what is loaded changes nothing: two releases may migrate in any order.
_LOAD = text("""
    INSERT INTO org_unit (code, parent, kind, name_zh, name_en, retention_owner, dispatcher,
                          mailbox, calendar, version)
    SELECT u.*, CAST(:version AS int)
    FROM unnest(CAST(:code AS text[]), CAST(:parent AS text[]), CAST(:kind AS text[]),
                CAST(:name_zh AS text[]), CAST(:name_en AS text[]),
                CAST(:retention_owner AS text[]), CAST(:dispatcher AS text[]),
                CAST(:mailbox AS text[]), CAST(:calendar AS text[])) AS u
    ON CONFLICT (code) DO UPDATE SET
        kind = excluded.kind, name_zh = excluded.name_zh, name_en = excluded.name_en,
        retention_owner = excluded.retention_owner, dispatcher = excluded.dispatcher,
        mailbox = excluded.mailbox, calendar = excluded.calendar, version = excluded.version
    WHERE org_unit.version < excluded.version
""")
_COLUMNS = (
    "code",
    "parent",
    "kind",
    "name_zh",
    "name_en",
    "retention_owner",
    "dispatcher",
    "mailbox",
    "calendar",
)


# Where a service tells branches of their orders, it knows how each is reached. A newer file enables
# an endpoint again that had answered 410, and what it does not name any more is not reached.
_REACHES = text("SELECT to_regclass('recipient') IS NOT NULL")
_REACH = text("""
    WITH reached AS (
        INSERT INTO recipient AS r (unit, channel, address, language, secret, version)
        SELECT u.*, CAST(:version AS int)
        FROM unnest(CAST(:unit AS text[]), CAST(:channel AS text[]), CAST(:address AS text[]),
                    CAST(:language AS text[]), CAST(:secret AS text[])) AS u
        WHERE NOT EXISTS (SELECT FROM recipient newer WHERE newer.version > :version)
        ON CONFLICT (unit, channel) DO UPDATE SET
            address = excluded.address, language = excluded.language, secret = excluded.secret,
            disabled_at = NULL, version = excluded.version
        WHERE r.version < excluded.version
    )
    DELETE FROM recipient WHERE version < :version
    AND (unit, channel) NOT IN (
        SELECT * FROM unnest(CAST(:unit AS text[]), CAST(:channel AS text[])))
""")


def _reaching(organisation: Organisation) -> dict[str, Any]:
    rows = _recipients(organisation.units)
    names = ("unit", "channel", "address", "language", "secret")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return {**columns, "version": organisation.version}


def _recipients(units: Sequence[Unit]) -> list[tuple[str, str, str, str, str | None]]:
    mailed = [(u.code, "mail", u.mailbox, u.mail_language, None) for u in units if u.mailbox]
    posted = [
        (u.code, "webhook", u.webhook.url, u.mail_language, u.webhook.secret)
        for u in units
        if u.webhook
    ]
    return [*mailed, *posted]


def load_into(url: str, file: Path | None = None) -> None:
    """Bring the `org_unit` table of the schema that `url`'s role owns up to the file."""
    asyncio.run(_load(url, read_organisation(file)))


async def _load(url: str, organisation: Organisation) -> None:
    engine = create_engine(url, application="holdfast-migrate", pool_size=1)
    columns = {name: [getattr(u, name) for u in organisation.units] for name in _COLUMNS}
    try:
        async with unit_of_work(engine) as uow:
            await uow.connection.execute(_LOAD, {**columns, "version": organisation.version})
            if await uow.connection.scalar(_REACHES):
                await uow.connection.execute(_REACH, _reaching(organisation))
    finally:
        await engine.dispose()
