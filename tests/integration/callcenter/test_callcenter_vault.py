"""Names and numbers: in the vault, masked, revealed for a reason, and nowhere else (CC-30)."""

import logging
import secrets

import asyncpg
import pytest
from contact_parts import Centre, Desk, a_profile

from shared.identity import Role

BOSS = {"role": Role.BOSS, "organisation": "99", "by": "boss"}


def a_person(customer: int, **differs: object) -> dict[str, object]:
    """Somebody whose number is like no other's in these tests."""
    number = f"138{secrets.randbelow(10**8):08d}"
    person = {"customer_id": str(customer), "county": "990101", "number": number, "name": "张晓明"}
    return person | differs


async def filled(desk: Desk, *persons: dict[str, object]) -> None:
    answer = await desk.client.put("/v1/vault", json=list(persons), headers=desk.as_role(**BOSS))
    assert answer.status_code == 204, answer.text


@pytest.mark.requirement("CC-30")
async def test_a_card_shows_as_much_as_a_list_needs_and_is_noted_once_a_page(
    centre: Centre, desk: Desk, customer: int
) -> None:
    other = customer ^ 1
    await filled(desk, a_person(customer, number="13812348000"), a_person(other, county="990102"))
    asked = {"customer_ids": [str(customer), str(other), "5"]}
    cards = (await desk.post("/v1/vault/cards", asked)).json()

    assert cards == [{"customer_id": str(customer), "name": "张*明", "number": "138****8000"}]
    noted = await centre.rows(
        "SELECT kind, caller, customers FROM reveal WHERE $1 = ANY(customers)", customer
    )
    assert [tuple(row) for row in noted] == [("cards", "manager-01", [customer])]


@pytest.mark.requirement("CC-02")
@pytest.mark.parametrize("by", ["number", "name", "tail"])
async def test_somebody_is_found_by_number_name_or_tail_in_ones_own_county(
    desk: Desk, customer: int, *, by: str
) -> None:
    person = a_person(customer, name=f"王{customer}")
    await filled(desk, person)
    text = {"tail": str(person["number"])[-4:], **{k: str(v) for k, v in person.items()}}[by]
    found = (await desk.post("/v1/vault/search", {"text": text})).json()["customer_ids"]
    elsewhere = await desk.post("/v1/vault/search", {"text": text}, organisation="990102")

    assert str(customer) in found
    assert elsewhere.json() == {"customer_ids": []}


@pytest.mark.requirement("CC-30")
async def test_a_reveal_needs_a_reason_and_leaves_a_row(
    centre: Centre, desk: Desk, customer: int
) -> None:
    person = a_person(customer)
    await filled(desk, person)
    path = f"/v1/vault/{customer}/reveal"
    assert (await desk.post(path, {})).status_code == 422
    assert (await desk.post(path, {"reason": "    "})).status_code == 422
    assert (await desk.post(path, {"reason": "dial"}, organisation="990103")).status_code == 404
    shown = await desk.post(path, {"reason": "dials by hand"})

    assert shown.json() == {
        "customer_id": str(customer),
        "name": person["name"],
        "number": person["number"],
    }
    reasons = "SELECT caller, reason FROM reveal WHERE kind = 'reveal' AND $1 = ANY(customers)"
    rows = await centre.rows(reasons, customer)
    assert [tuple(row) for row in rows] == [("manager-01", "dials by hand")]


@pytest.mark.requirement("CC-30")
async def test_number_and_name_are_in_the_vault_and_nowhere_else(
    centre: Centre,
    desk: Desk,
    customer: int,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in another table, nor in an answer that is kept, nor in the log."""
    caplog.set_level(logging.DEBUG)
    person = a_person(customer, name=f"欧阳{customer}")
    await centre.handle(a_profile(customer))
    await filled(desk, person)
    await desk.post("/v1/vault/search", {"text": person["number"]})
    await desk.post(f"/v1/vault/{customer}/reveal", {"reason": "dials by hand"})
    bad = person | {"county": "x"}
    refused = await desk.client.put("/v1/vault", json=[bad], headers=desk.as_role(**BOSS))
    assert refused.status_code == 422

    secret = (str(person["number"]), str(person["name"]))
    tables = await centre.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'callcenter' AND tablename <> 'vault'"
    )
    assert len(tables) > 20
    for table in tables:
        rows = await centre.rows(f"SELECT t::text FROM {table['tablename']} t")  # noqa: S608 - a name of the catalogue.
        assert not [row for row in rows if any(text in row["t"] for text in secret)]
    captured = capsys.readouterr()
    said = caplog.text + captured.out + captured.err + refused.text
    assert not [text for text in secret if text in said]
    bodies = await centre.rows("SELECT convert_from(body, 'UTF8') AS body FROM idempotency")
    assert not [b for b in bodies if any(text in (b["body"] or "") for text in secret)]


@pytest.mark.parametrize("statement", ["SELECT * FROM vault", "SELECT * FROM reveal"])
async def test_a_worker_cannot_read_the_vault_and_a_web_process_not_who_looked(
    centre: Centre, *, statement: str
) -> None:
    role = "worker" if "vault" in statement else "web"
    async with centre.connected(role) as connection:
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await connection.fetch(statement)


async def test_persons_of_another_province_are_neither_written_nor_overwritten(
    desk: Desk, customer: int
) -> None:
    person = a_person(customer)
    await filled(desk, person)
    other = desk.as_role(role=Role.BOSS, organisation="98")
    for body in ([person], [person | {"county": "980101"}]):
        assert (await desk.client.put("/v1/vault", json=body, headers=other)).status_code == 403


async def test_a_thousand_persons_come_at_once_and_no_more(desk: Desk) -> None:
    persons = [a_person(number + 1, county="990103") for number in range(1_000)]
    await filled(desk, *persons)
    headers = desk.as_role(**BOSS)
    more = await desk.client.put("/v1/vault", json=[*persons, persons[0]], headers=headers)

    assert more.status_code == 422
    clerk = desk.as_role(role=Role.COUNTY_CLERK)
    assert (await desk.client.put("/v1/vault", json=persons[:1], headers=clerk)).status_code == 403
