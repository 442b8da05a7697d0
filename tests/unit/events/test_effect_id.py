"""An effect's id is a promise: it follows from the cause, by the name-based UUIDs of RFC 9562."""

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.events.event import NAMESPACE, effect_id

# A cause is an id or a text of ours; half of a surrogate pair is no text.
causes = st.text(st.characters(exclude_categories=["Cs"])) | st.uuids()


@given(causes, st.integers(0, 1_000))
def test_the_id_of_an_effect_is_the_name_based_one(cause: object, number: int) -> None:
    name = f"{cause}/points.granted.v1/{number}"

    assert effect_id(str(cause), "points.granted.v1", number) == uuid5(NAMESPACE, name)
