"""Cursors: they come back as they went, and nothing else passes for one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from shared.web.cursors import CURSOR_LENGTH_MAX, MalformedCursor, cursor_of, position_in


class _Place(BaseModel):
    at: AwareDatetime
    entry_id: UUID


@given(at=st.datetimes(timezones=st.just(UTC)), entry_id=st.uuids())
def test_a_cursor_leads_back_to_its_position(at: datetime, entry_id: UUID) -> None:
    place = _Place(at=at, entry_id=entry_id)
    cursor = cursor_of(place)
    assert position_in(cursor, _Place) == place
    assert len(cursor) < CURSOR_LENGTH_MAX


def test_without_a_cursor_a_list_begins_at_its_beginning() -> None:
    assert position_in(None, _Place) is None


@given(st.text())
@example("")
@example("=")
@example("bnVsbA")
@example("e30")
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(MalformedCursor):
        position_in(text, _Place)
