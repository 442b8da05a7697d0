"""Problems: what a refusal looks like, and what it never tells."""

import json
from typing import Any

import pytest

from shared.errors import Conflict, NotFound, PreconditionFailed, Unauthorised, Unavailable
from shared.web.preconditions import Precondition, etag_of, if_match
from shared.web.problem import errors_of, problem_of


def _body(content: bytes | memoryview) -> dict[str, Any]:
    return json.loads(bytes(content))


def test_a_refusal_is_a_problem_with_a_stable_code() -> None:
    response = problem_of(NotFound("No such redemption"), path="/v1/x", trace_id="4bf9")
    assert response.headers["content-type"] == "application/problem+json"
    assert _body(response.body) == {
        "type": "urn:holdfast:problem:not-found",
        "title": "There is nothing here that you may see",
        "status": 404,
        "detail": "No such redemption",
        "instance": "/v1/x",
        "code": "not-found",
        "trace_id": "4bf9",
    }


def test_a_refusal_says_more_in_members_of_its_own() -> None:
    refusal = Conflict(members={"available": 120, "status": 200})
    body = _body(problem_of(refusal, path="/", trace_id="").body)
    assert body["available"] == 120
    assert body["status"] == 409, "a member never hides what every problem says"


def test_a_missing_token_is_told_how_to_come_back() -> None:
    response = problem_of(Unauthorised(), path="/", trace_id="")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_an_absent_database_is_told_when_to_come_back() -> None:
    assert problem_of(Unavailable(), path="/", trace_id="").headers["retry-after"] == "1"


def test_findings_point_at_their_place_and_never_echo_what_was_sent() -> None:
    found = {"type": "int_parsing", "msg": "not a number", "input": "13812345678"}
    (body, query) = errors_of(
        [
            {**found, "loc": ("body", "shares", 0, "a/b~c")},
            {**found, "loc": ("query", "limit")},
        ]
    )
    assert body["pointer"] == "#/shares/0/a~1b~0c"
    assert (query["location"], query["pointer"]) == ("query", "limit")
    assert "13812345678" not in json.dumps([body, query])


def test_a_lone_surrogate_in_a_name_still_gets_its_answer() -> None:
    refusal = Conflict(members={"errors": ["\ud800"]})
    assert b"ud800" in bytes(problem_of(refusal, path="/", trace_id="").body)


@pytest.mark.parametrize("header", ['"7"', '"6", "7"', "*"])
async def test_a_version_that_was_seen_may_be_changed(header: str) -> None:
    (await if_match(header)).require(7)


@pytest.mark.parametrize("header", ['"6"', "7", 'W/"7"', ""])
async def test_another_version_may_not(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        (await if_match(header)).require(7)


def test_an_etag_is_a_quoted_version() -> None:
    Precondition(frozenset({etag_of(3)})).require(3)
