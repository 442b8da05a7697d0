"""One line a record, as JSON; no number, name or token gets into it, by whatever way."""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.logging import mask

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"  # noqa: S105 - signs nothing.

# What a process logs, in one of its own: configuration is global.
PROGRAM = """
import logging
from shared.logging import configure_logging, get_logger
configure_logging(service="points", process="worker")
log = get_logger("test")
log.info("bill_posted", event_id="e1", number="13800138000", note="call 138-0013-8000")
try:
    raise ValueError("no such number: +86 13912345678")
except ValueError as error:
    log.exception("failed", error=error)
    logging.getLogger("other.library").exception("failed too")
for _ in range(30):
    logging.getLogger("aiokafka.conn").error("broker %s is away", "b1")
logging.getLogger("faust.worker").info("a banner")
log.debug("not said")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30
    )
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_a_record_is_one_line_with_its_process_and_its_fields(lines: list[dict[str, Any]]) -> None:
    first = lines[0]

    assert first["event"] == "bill_posted"
    assert (first["service"], first["process"], first["level"]) == ("points", "worker", "info")
    assert first["event_id"] == "e1"
    assert first["timestamp"].endswith("Z")


def test_numbers_are_masked_in_fields_texts_errors_and_other_libraries(
    lines: list[dict[str, Any]],
) -> None:
    assert lines[0]["number"] == "***"
    assert lines[0]["note"] == "call 138****8000"
    assert "139****5678" in lines[1]["error"]
    assert "139****5678" in lines[1]["exception"]
    assert "139****5678" in lines[2]["exception"]
    assert "12345678" not in json.dumps(lines)


def test_a_library_that_repeats_itself_is_heard_once(lines: list[dict[str, Any]]) -> None:
    assert [line["event"] for line in lines[3:]] == ["broker b1 is away"]


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+8613800138000",
        "+86 138 0013 8000",
        "86-13800138000",
        "008613800138000",
    ],
)
def test_a_number_is_masked_however_it_is_written(written: str) -> None:
    assert mask(f"手机{written}，请回电") == "手机138****8000，请回电"


def test_a_token_is_masked_wherever_it_stands() -> None:
    assert mask(f"Bearer {TOKEN} refused") == "Bearer *** refused"


def test_fields_that_name_persons_and_secrets_are_masked_at_any_depth() -> None:
    masked = mask({"headers": [{"Authorization": "Basic x", "accept": "json"}], "NAME": "王芳"})

    assert masked == {"headers": [{"Authorization": "***", "accept": "json"}], "NAME": "***"}


def test_a_number_inside_an_object_is_masked_as_well() -> None:
    @dataclass
    class Caller:
        line: str

    assert mask(Caller("13800138000")).endswith("Caller(line='138****8000')")


def test_a_number_written_as_a_number_is_masked() -> None:
    assert mask(13800138000) == "138****8000"


@pytest.mark.parametrize("kept", [True, None, 3, 0.5, 4611686018427387904, "4611686018427387904"])
def test_amounts_and_customer_ids_stay_as_they_are(kept: object) -> None:
    assert mask(kept) == kept


@given(st.uuids() | st.just(UUID("01381234-5678-4000-8000-a13800138000")))
def test_an_event_id_is_never_taken_for_a_number(event_id: UUID) -> None:
    assert mask(str(event_id)) == str(event_id)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(alphabet="号: ,.(x", max_size=5))
def test_no_number_survives_whatever_stands_around_it(number: str, around: str) -> None:
    assert number not in mask(f"{around}{number}{around}")


def test_the_root_logger_is_untouched_until_a_process_configures_it() -> None:
    assert not any("structlog" in repr(h.formatter) for h in logging.getLogger().handlers)
