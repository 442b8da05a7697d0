"""A mapping says what a file's columns, words and units mean; what it leaves open is refused."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.call_records.mapping import (
    Fault,
    FileMapping,
    MappingRefused,
    RowReader,
    read_mapping,
)

SAMPLE = Path(__file__).parents[3] / "docs" / "ingest-mapping.yaml"
ROW = {
    "cdr_id": "C1",
    "msisdn": " 13800138000 ",
    "start_time": "2026-02-27 09:00:00",
    "service_type": "01",
    "call_type": "CF",
    "duration": "61",
    "volume_bytes": "2048",
    "charge_yuan": "1.25",
    "other_party": "",
    "forward_to": "10086",
    "roaming": "1",
}


def read(mapping: FileMapping, **differs: object) -> dict[str, Any] | Fault:
    return RowReader(mapping).read(ROW | differs)


def a_mapping(**differs: object) -> FileMapping:
    return FileMapping.model_validate(yaml.safe_load(SAMPLE.read_text()) | differs)


def test_the_sample_reads_what_its_comments_say() -> None:
    assert read(read_mapping(SAMPLE)) == {
        "record_id": "C1",
        "number": "13800138000",
        "at": datetime(2026, 2, 27, 1, tzinfo=UTC),
        "kind": "voice",
        "direction": "forwarded",
        "seconds": 61,
        "kilobytes": 2,
        "fen": 125,
        "peer": None,
        "forwarded_to": "10086",
        "at_home": False,
    }


def test_typed_cells_of_a_parquet_file_are_read_alike() -> None:
    at = datetime(2026, 2, 27, 1, tzinfo=UTC)

    row = read(a_mapping(), start_time=at, duration=61, charge_yuan=1.25, roaming=False)

    assert isinstance(row, dict)
    assert (row["at"], row["seconds"], row["fen"], row["at_home"]) == (at, 61, 125, False)


def test_numbers_that_a_table_keeps_as_fractions_are_telephone_numbers_all_the_same() -> None:
    row = read(a_mapping(), msisdn=13800138000.0, other_party=float("nan"), forward_to=10086)

    assert isinstance(row, dict)
    assert (row["number"], row["peer"], row["forwarded_to"]) == ("13800138000", None, "10086")


def test_a_number_written_with_dots_is_left_to_ingest() -> None:
    row = read(a_mapping(), msisdn="138.0013.8000")

    assert isinstance(row, dict)
    assert row["number"] == "138.0013.8000"


def test_a_time_without_a_format_is_iso_and_keeps_its_zone() -> None:
    row = read(a_mapping(time_format=None), start_time="2026-02-27T09:00:00+00:00")

    assert isinstance(row, dict)
    assert row["at"] == datetime(2026, 2, 27, 9, tzinfo=UTC)


def test_a_constant_stands_in_for_a_column() -> None:
    columns = {"record_id": "cdr_id", "number": "msisdn", "at": "start_time"}
    mapping = a_mapping(columns=columns, constants={"kind": "voice", "direction": "in"})

    row = read(mapping)

    assert isinstance(row, dict)
    assert (row["kind"], row["direction"], row["seconds"], row["at_home"]) == (
        "voice",
        "in",
        0,
        True,
    )


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ({"start_time": "27.02.2026"}, "at"),
        ({"start_time": ""}, "at"),
        ({"duration": "a minute"}, "seconds"),
        ({"duration": "NaN"}, "seconds"),
        ({"duration": "2147483648"}, "seconds"),
        ({"duration": "1e999999999"}, "seconds"),
        ({"charge_yuan": "1e17"}, "fen"),
        ({"charge_yuan": "-1e17"}, "fen"),
        ({"msisdn": "13800138000.0"}, "number"),
        ({"other_party": "13800138000.00"}, "peer"),
        ({"charge_yuan": "1,25"}, "fen"),
        ({"roaming": "abroad"}, "at_home"),
    ],
)
def test_a_cell_that_cannot_be_read_names_our_column(cell: dict[str, str], column: str) -> None:
    fault = read(a_mapping(), **cell)

    assert isinstance(fault, Fault)
    assert fault.column == column
    assert not any(value and value in fault.said for value in cell.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {number: msisdn}", "record_id"),
        ("[]", "dict"),
        ("columns: {nummer: msisdn}", "nummer"),
        ("columns: [", "YAML"),
        (SAMPLE.read_text().replace("Asia/Shanghai", "Asia/Nowhere"), "Asia/Shanghai"),
        (SAMPLE.read_text() + "\nconstants: {kind: voice}\n", "not both"),
        (SAMPLE.read_text() + "\nseparator: ';'\n", "separator"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_to_mend(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)

    with pytest.raises(MappingRefused, match=said):
        read_mapping(path)
