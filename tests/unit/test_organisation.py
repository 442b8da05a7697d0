"""The organisation tree: each unit below the one whose code begins its own."""

import pytest
from pydantic import ValidationError

from holdfast.organisation import Organisation, Unit, read_organisation


def a_unit(code: str, kind: str) -> dict[str, str]:
    return {"code": code, "kind": kind, "name_zh": "某地", "name_en": "Somewhere"}


@pytest.mark.requirement("XC-02")
def test_the_shipped_tree_has_a_city_that_dispatches_and_counties_with_an_owner() -> None:
    tree = read_organisation()

    cities = [unit for unit in tree.units if unit.kind == "city"]
    counties = [unit for unit in tree.units if unit.kind == "county"]
    assert all(city.dispatcher for city in cities)
    assert len(counties) == 3
    assert all(county.retention_owner and county.mailbox for county in counties)


def test_a_units_parent_is_the_longest_shorter_code_that_begins_its_own() -> None:
    parents = {
        code: Unit.model_validate(a_unit(code, kind)).parent
        for code, kind in {
            "99": "province",
            "9901": "city",
            "990101": "county",
            "990101001": "store",
        }.items()
    }

    assert parents == {"99": None, "9901": "99", "990101": "9901", "990101001": "990101"}


@pytest.mark.parametrize(
    "reached",
    [
        {"mailbox": "a@b\r\nBcc: c@d"},
        {"mailbox": "a@b, c@d"},
        {"mailbox": "nobody"},
        {"mail_language": "fr"},
        {"webhook": {"url": "ftp://x.example", "secret": "x"}},
        {"webhook": {"url": "https://user:word@x.example", "secret": "x"}},
        {"webhook": {"url": "https://x.example", "secret": "../../etc/passwd"}},
        {"webhook": {"url": "https://x.example"}},
    ],
)
def test_a_unit_is_reached_in_ways_that_can_be_gone(reached: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Unit.model_validate(a_unit("990101", "county") | reached)


@pytest.mark.parametrize(
    ("units", "named"),
    [
        ([a_unit("9901", "city")], "9901"),
        ([a_unit("99", "province"), a_unit("99", "province")], "99 stands twice"),
        ([a_unit("99", "city")], "4 digits"),
        ([a_unit("9A", "province")], "pattern"),
    ],
)
def test_a_file_that_is_no_tree_is_refused_and_the_unit_named(
    units: list[dict[str, str]], named: str
) -> None:
    with pytest.raises(ValidationError, match=named):
        Organisation.model_validate({"version": 1, "units": units})
