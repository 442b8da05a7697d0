"""Bodies of bad will: an answer that says what to mend, nothing taken, nothing quoted."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from alerts_parts import Alerts, a_number
from ingest_api import Mediation, a_call, as_arrow, now

from services.alerts.api.ingest import BODY_BYTES_MAX
from services.alerts.domain.upload import ROWS_MAX
from shared.events.arrow import ARROW

Changed = Callable[[str], dict[str, object]]


async def nothing_of(alerts: Alerts, batch: str) -> bool:
    return not await alerts.rows("SELECT 1 FROM ingest_batch WHERE batch_id = $1", batch)


_BAD: list[tuple[Changed, str]] = [
    (lambda _: {"number": "not a number"}, "number"),
    (lambda number: {"number": f"{number}x"}, "number"),
    (lambda _: {"number": None}, "number"),
    (lambda _: {"kind": "fax"}, "kind"),
    (lambda _: {"direction": 7}, "direction"),
    (lambda _: {"seconds": "60"}, "seconds"),
    (lambda _: {"seconds": -1}, "seconds"),
    (lambda _: {"fen": 1.5}, "fen"),
    (lambda _: {"kilobytes": 2**40}, "kilobytes"),
    (lambda _: {"at": "yesterday"}, "at"),
    (lambda _: {"at": "2026-02-27T09:00:00"}, "at"),
    (lambda _: {"at": "1970-01-01T00:00:00Z"}, "at"),
    (lambda _: {"at": "2099-01-01T00:00:00Z"}, "at"),
    (lambda _: {"record_id": "with a space"}, "record_id"),
    (lambda _: {"record_id": "nul\0"}, "record_id"),
    (lambda number: {"peer": f"{number}-{number}-{number}"}, "peer"),
    (lambda _: {"price": 7}, "price"),
]


@pytest.mark.parametrize(("changed", "column"), _BAD)
async def test_a_bad_row_is_named_by_row_and_column_and_nothing_is_taken(
    alerts: Alerts, mediation: Mediation, changed: Changed, column: str
) -> None:
    number = a_number()

    answer = await mediation.upload(
        a_call(number), a_call(number) | changed(number), batch=f"bad-{column}"
    )

    assert answer.status_code == 422
    assert f"#/records/1/{column}" in {error["pointer"] for error in answer.json()["errors"]}
    assert number not in answer.text
    assert await nothing_of(alerts, f"bad-{column}")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"source": "mediation"}', b"\xff\xfe", b"[" * 5000, b'{"a":NaN}'],
)
async def test_what_is_no_batch_is_malformed(mediation: Mediation, body: bytes) -> None:
    headers = {**mediation.headers(), "Content-Type": "application/json"}

    answer = await mediation.web.post("/v1/usage", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_arrow_that_was_cut_short_or_has_other_columns_is_malformed(
    mediation: Mediation,
) -> None:
    sound = as_arrow([a_call(a_number())] * 50)
    for number, body in enumerate([sound[: len(sound) // 2], b"ARROW1", sound[8:], b""]):
        answer = await mediation.upload_arrow(body, batch=f"cut-{number}")

        assert answer.status_code == 422, number


async def test_arrow_needs_its_two_headers_and_a_known_type(mediation: Mediation) -> None:
    body = as_arrow([a_call(a_number())])
    for headers in (
        {"Content-Type": ARROW, "Holdfast-Source": "mediation"},
        {"Content-Type": ARROW, "Holdfast-Batch": "b", "Holdfast-Source": "no source\t"},
        {"Content-Type": "text/csv"},
        {},
    ):
        answer = await mediation.web.post(
            "/v1/usage", content=body, headers={**mediation.headers(), **headers}
        )

        assert answer.status_code == 422, headers


async def test_the_bad_row_of_an_arrow_batch_is_named_alike(mediation: Mediation) -> None:
    number = a_number()
    calls = [a_call(number), a_call(number, kind="fax"), a_call(f"{number}?")]

    answer = await mediation.upload_arrow(as_arrow(calls), batch="bad-arrow")

    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["#/records/1/kind", "#/records/2/number"]
    assert "2 of 3 rows" in answer.json()["detail"]
    assert number not in answer.text


async def test_a_batch_has_limits(mediation: Mediation) -> None:
    call = a_call(a_number())
    many = as_arrow([call] * (ROWS_MAX + 1))
    packed = as_arrow([call | {"record_id": "R" * 600}] * (ROWS_MAX - 1), "zstd")
    wide = json.dumps({"source": "mediation", "batch_id": "b", "padding": "x" * BODY_BYTES_MAX})
    headers = {**mediation.headers(), "Content-Type": "application/json"}

    answers = [
        await mediation.upload_arrow(many, batch="many"),
        await mediation.upload_arrow(packed, batch="packed"),
        await mediation.web.post("/v1/usage", content=wide, headers=headers),
    ]

    assert [a.status_code for a in answers] == [413, 413, 413]
    assert "unpacked" in answers[1].json()["detail"]
    assert str(ROWS_MAX) in answers[0].json()["detail"]


async def test_a_source_that_nobody_registered_is_refused(
    alerts: Alerts, mediation: Mediation
) -> None:
    answers = [
        await mediation.upload(a_call(a_number()), batch="stranger", source="stranger"),
        await mediation.heartbeat(now(), source="stranger"),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "unknown-source")] * 2
    assert await nothing_of(alerts, "stranger")


async def test_a_heartbeat_lies_not_far_from_now(mediation: Mediation) -> None:
    for at in (now() + timedelta(hours=3), now() - timedelta(days=500)):
        assert (await mediation.heartbeat(at)).status_code == 422
