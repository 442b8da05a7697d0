"""When a delivery is tried again, when it is given up, and which addresses are never spoken to."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from services.ticketing.domain.delivering import (
    ATTEMPTS_MAX,
    Answer,
    Outcome,
    http_answer,
    next_wait,
    smtp_answer,
    wait_seconds,
)
from services.ticketing.domain.endpoint_addresses import TargetRefused, chosen, host_and_port

NOW = datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
RETRY = Answer(Outcome.RETRY, "away")


def test_tries_grow_apart_and_end_after_about_a_day() -> None:
    waits = [wait_seconds(attempt, 0.5) for attempt in range(1, ATTEMPTS_MAX)]

    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    assert 22 * 3_600 < sum(waits) < 26 * 3_600
    assert next_wait(RETRY, ATTEMPTS_MAX, 0.5) is None


def test_what_failed_together_does_not_come_back_together() -> None:
    assert wait_seconds(1, 0.0) == pytest.approx(4.0)
    assert wait_seconds(1, 0.999) == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (301, Outcome.RETRY),
        (307, Outcome.RETRY),
        (400, Outcome.RETRY),
        (410, Outcome.GONE),
        (429, Outcome.RETRY),
        (500, Outcome.RETRY),
        (503, Outcome.RETRY),
    ],
)
def test_only_a_status_of_success_is_success(status: int, outcome: Outcome) -> None:
    assert http_answer(status, None, NOW).outcome is outcome


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("120", 120),
        ("Thu, 05 Mar 2026 06:10:00 GMT", 600),
        ("Thu, 05 Mar 2020 06:10:00 GMT", 5),
        ("soon", 5),
        ("-3", 5),
        ("99999999999999999999", 86_400),
    ],
)
def test_a_receiver_may_ask_for_more_time_but_not_for_ever(
    retry_after: str, seconds: float
) -> None:
    answer = http_answer(503, retry_after, NOW)

    assert next_wait(answer, 1, 0.5) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(250, Outcome.DELIVERED), (451, Outcome.RETRY), (550, Outcome.REFUSED)],
)
def test_a_mail_server_that_refuses_for_good_is_not_asked_again(
    status: int, outcome: Outcome
) -> None:
    answer = smtp_answer(status, "said")

    assert answer.outcome is outcome
    assert (next_wait(answer, 1, 0.5) is None) == (outcome is not Outcome.RETRY)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse.
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_an_address_inside_is_refused_however_it_is_written(address: str) -> None:
    with pytest.raises(TargetRefused, match="HOLDFAST_WEBHOOK_NETWORKS"):
        chosen("https", [address], ())


def test_a_name_with_one_address_inside_is_refused_as_a_whole() -> None:
    with pytest.raises(TargetRefused):
        chosen("https", ["93.184.216.34", "10.0.0.1"], ())
    with pytest.raises(TargetRefused, match="no address"):
        chosen("https", [], ())


def test_public_addresses_need_https() -> None:
    assert str(chosen("https", ["93.184.216.34"], ())) == "93.184.216.34"
    assert str(chosen("https", ["2606:2800:220:1::1"], ())) == "2606:2800:220:1::1"
    with pytest.raises(TargetRefused, match="https"):
        chosen("http", ["93.184.216.34"], ())


def test_a_network_that_is_allowed_is_allowed_without_https() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))

    assert str(chosen("http", ["10.1.2.3"], allowed)) == "10.1.2.3"
    assert chosen("http", ["::ffff:10.1.2.3"], allowed) == ip_address("::ffff:10.1.2.3")
    assert str(chosen("http", ["fd00:1::9"], allowed)) == "fd00:1::9"
    with pytest.raises(TargetRefused):
        chosen("http", ["10.2.0.1"], allowed)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://branch.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@branch.example/",
        "https://branch.example:99999/",
        "https://[::1/",
    ],
)
def test_a_url_that_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        host_and_port(url)


def test_a_url_names_host_and_port() -> None:
    assert host_and_port("https://branch.example/x?y=1") == ("branch.example", 443)
    assert host_and_port("http://[::1]:8080/") == ("::1", 8080)
