"""What a manager may report of a call: reports that contradict themselves are refused."""

import pytest
from pydantic import ValidationError

from services.callcenter.api.shapes import InboundReported, ResultReported
from services.callcenter.domain.outcome import Disposition, Result
from services.callcenter.handlers.record_call import Outcome

AGREED = {"disposition": 7, "result": "agreed", "order_type": "broadband", "offer": "fibre-500"}


def test_a_report_is_taken_as_it_was_meant() -> None:
    outcome = ResultReported.model_validate(AGREED).outcome()

    assert (outcome.disposition, outcome.result) == (Disposition.OTHER, Result.AGREED)
    assert InboundReported.model_validate(AGREED).outcome() == outcome
    silent = ResultReported.model_validate({"disposition": 2}).outcome()
    assert silent == Outcome(Disposition.NO_ANSWER)


@pytest.mark.requirement("CC-11")
@pytest.mark.parametrize(
    "report",
    [
        {"disposition": 8},
        {"disposition": 0},
        {"disposition": "7"},
        {"disposition": 2, "result": "agreed", "order_type": "broadband", "offer": "x"},
        {"disposition": 1, "result": "agreed", "order_type": "broadband", "offer": "x"},
        {"disposition": 7, "result": "agreed", "offer": "x"},
        {"disposition": 7, "result": "agreed", "order_type": "broadband"},
        {"disposition": 7, "order_type": "broadband", "offer": "x"},
        {"disposition": 7, "result": "call_back"},
        {"disposition": 7, "call_back_at": "2026-02-27T15:00:00+08:00"},
        {"disposition": 7, "result": "call_back", "call_back_at": "2026-02-27T15:00:00"},
        {"disposition": 7, "unknown": 1},
        {"disposition": 7, "note": ""},
        AGREED | {"offer": "has blanks"},
        AGREED | {"order_type": "5g"},
    ],
)
def test_a_report_that_contradicts_itself_is_refused(report: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ResultReported.model_validate(report)


@pytest.mark.parametrize(
    "report",
    [
        {"disposition": 2},
        {"disposition": 7, "result": "call_back"},
        {"disposition": 7, "result": "agreed"},
    ],
)
def test_who_calls_was_reached_and_is_not_called_back(report: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        InboundReported.model_validate(report)
