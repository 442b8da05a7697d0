"""What publishers, readers and operators rely on in the one table of topics and types."""

import re
from datetime import timedelta

import pytest

from shared.events import arrow, catalogue
from shared.events.catalogue import ROUTES, SERVICES, TOPICS, Route, Topic
from shared.events.event import CustomerEvent, Event
from shared.events.identity import IdentityAssigned

by_type = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.event_type)
by_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def leaves(model: type[Event]) -> set[type[Event]]:
    """The models below `model` that are a type of their own."""
    below = {leaf for child in model.__subclasses__() for leaf in leaves(child)}
    return below | ({model} if "event_type" in vars(model) else set())


def test_every_fact_that_a_module_declares_is_in_the_catalogue_and_once() -> None:
    ours = {model for model in leaves(Event) if model.__module__.startswith("shared.events.")}

    assert ours == {route.model for route in ROUTES}
    assert len({route.event_type for route in ROUTES}) == len(ROUTES)


@by_type
def test_a_type_is_named_source_fact_version(route: Route) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+\.v[1-9][0-9]*", route.event_type)
    assert catalogue.route_of(route.event_type) is route
    assert catalogue.find_route(route.event_type) is route
    assert catalogue.topic_of(route.event_type) is route.topic


@by_type
def test_a_service_publishes_its_types_on_its_own_topic(route: Route) -> None:
    publisher = catalogue.publisher_of(route.event_type)

    assert route.topic.name == f"holdfast.{publisher}.v1"


@by_type
def test_readers_are_services_and_nobody_waits_for_his_own_facts(route: Route) -> None:
    assert set(route.readers) <= set(SERVICES)
    assert len(set(route.readers)) == len(route.readers)
    if route.topic.publishers != catalogue.USAGE.publishers:  # alerts' merger writes to its engine.
        own = catalogue.publisher_of(route.event_type)
        assert own not in route.readers


@by_type
def test_what_is_about_a_customer_is_ordered_with_that_customers_other_facts(route: Route) -> None:
    if issubclass(route.model, CustomerEvent) and route.model is not IdentityAssigned:
        assert route.topic.partitions == catalogue.CUSTOMER_PARTITIONS


def test_arrow_forms_exist_only_for_types_whose_order_does_not_matter() -> None:
    for model in arrow.SCHEMAS:
        assert catalogue.route_of(model.event_type).commuting


@by_topic
def test_a_topic_of_the_catalogue_carries_something_and_somebody_publishes_it(topic: Topic) -> None:
    assert any(route.topic is topic for route in ROUTES)
    assert topic.publishers


def test_partitions_and_retention_are_those_of_the_contracts() -> None:
    assert {topic.name: topic.partitions for topic in TOPICS if topic.partitions != 32} == {
        "holdfast.identity.v1": 8,
        "holdfast.deadletters.v1": 4,
    }
    assert {t.name.split(".")[1]: t.retention and t.retention.days for t in TOPICS} == {
        "usage": 7,
        "billing": 30,
        "touchpoints": 180,
        "customers": None,
        "identity": None,
        "alerts": 30,
        "points": 30,
        "ticketing": 30,
        "callcenter": 30,
        "deadletters": 90,
    }
    assert {topic.name for topic in TOPICS if topic.compacted} == {
        "holdfast.customers.v1",
        "holdfast.identity.v1",
    }
    assert all(t.retention is None or t.retention >= timedelta(days=7) for t in TOPICS)


def test_a_service_subscribes_to_the_topics_of_the_types_it_reads() -> None:
    assert [topic.name for topic in catalogue.topics_read_by("points")] == [
        "holdfast.billing.v1",
        "holdfast.customers.v1",
        "holdfast.callcenter.v1",
    ]
    assert catalogue.topics_read_by("nobody") == ()


def test_the_known_versions_of_a_fact_are_found_by_any_of_its_versions() -> None:
    assert catalogue.versions_of("points.granted.v9") == ("points.granted.v1",)
    assert catalogue.versions_of("points.guessed.v1") == ()
    assert catalogue.versions_of("") == ()


def test_an_unknown_type_has_no_route() -> None:
    assert catalogue.find_route("points.granted.v9") is None
    with pytest.raises(KeyError):
        catalogue.route_of("points.granted.v9")
