"""docs/asyncapi.yaml: every topic, message and direction in AsyncAPI 3.1's words."""

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from holdfast.topic_settings import settings_of
from shared.events.arrow import ARROW, SCHEMAS
from shared.events.catalogue import ROUTES, SERVICES, TOPICS, Route, Topic
from shared.events.deadletters import DeadLetterRecorded
from shared.events.envelope import JSON, source_of
from shared.events.event import CustomerEvent, Event
from shared.events.identity import IdentityAssigned

FILE = "docs/asyncapi.yaml"

Document = dict[str, Any]

_BINDING_VERSION = "0.5.0"
_MODE: JsonSchemaMode = "serialization"
_DRAWN = "# Drawn from shared/events/ by `make docs`; changes here are overwritten.\n"
_TEXT = {"type": "string"}
# The CloudEvents attributes of a record in Kafka's binary mode, beside its type and source.
_ATTRIBUTES: Document = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"type": "string", "format": "uuid"},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_subject": {"type": "string", "description": "the aggregate that the fact is about"},
    "ce_sequence": {"type": "string", "pattern": "^[0-9]{20}$", "description": "its version"},
    "ce_correlationid": {"type": "string", "description": "the first event of the story"},
    "ce_causationid": {"type": "string", "description": "what this fact is an effect of"},
    "ce_causationtype": _TEXT,
    "traceparent": {"type": "string", "description": "W3C Trace Context"},
    "content-type": {"const": JSON},
}
# The narrower kind first: an identity is a customer's fact that is kept by its number.
_KEYS: Mapping[type[Event], str] = {
    IdentityAssigned: "number_hash",
    CustomerEvent: "customer_id",
    DeadLetterRecorded: "original_key",
}
_COLUMNS = {model.event_type: schema.names for model, schema in SCHEMAS.items()}
_REQUIRED = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"]


def drawn() -> dict[str, str]:
    """The whole document."""
    return {FILE: _DRAWN + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True)}


def document() -> Document:
    """The AsyncAPI document of all services together."""
    models: list[tuple[type[Event], JsonSchemaMode]] = [(route.model, _MODE) for route in ROUTES]
    payloads, shared = models_json_schema(models, ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Holdfast events",
            "version": "1.0.0",
            "description": "Facts as CloudEvents 1.0 on Kafka, binary mode: attributes in "
            "headers, the fact as JSON value. Unknown fields are ignored by every reader.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {
                route.event_type: _message(route, payloads[(route.model, _MODE)])
                for route in ROUTES
            },
            "schemas": shared["$defs"],
        },
    }


def _channel(topic: Topic) -> Document:
    messages = [route.event_type for route in ROUTES if route.topic is topic]
    policy = settings_of(topic)["cleanup.policy"]
    # AsyncAPI's binding writes the policy as a list.
    configuration = settings_of(topic) | {"cleanup.policy": [policy]}
    return {
        "address": topic.name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _operations() -> Document:
    """Who sends to a topic, and which types of it each service receives."""
    found: Document = {}
    for topic in TOPICS:
        for publisher in topic.publishers:
            found[f"{publisher}.sends.{topic.name}"] = _operation("send", topic, publisher)
    for service in SERVICES:
        for topic in TOPICS:
            types = [r.event_type for r in ROUTES if r.topic is topic and service in r.readers]
            if types:
                operation = _operation("receive", topic, service)
                prefix = f"#/channels/{topic.name}/messages"
                operation["messages"] = [{"$ref": f"{prefix}/{name}"} for name in types]
                found[f"{service}.receives.{topic.name}"] = operation
    return found


def _operation(action: str, topic: Topic, party: str) -> Document:
    channel = {"$ref": f"#/channels/{topic.name}"}
    return {"action": action, "channel": channel, "tags": [{"name": party}]}


def _message(route: Route, payload: Document) -> Document:
    name = route.event_type
    headers = {
        "type": "object",
        "required": _REQUIRED,
        "properties": {
            "ce_type": {"const": name},
            "ce_source": {"const": source_of(name)},
            **_ATTRIBUTES,
        },
    }
    message: Document = {"name": name, "contentType": JSON, "headers": headers, "payload": payload}
    summary = (route.model.__doc__ or "").strip()
    if summary and summary != (Event.__doc__ or "").strip():
        message["summary"] = summary.splitlines()[0]
    columns = _COLUMNS.get(name)
    if columns:
        message["description"] = (
            f"Also in bulk as `{ARROW}`: an Arrow IPC stream of rows of one partition, "
            f"with the columns {', '.join(f'`{column}`' for column in columns)}."
        )
    key = key_of(route.model)
    if key is not None:
        message["bindings"] = {"kafka": {"key": key, "bindingVersion": _BINDING_VERSION}}
    return message


def key_of(model: type[Event]) -> Document | None:
    """The schema of a type's record key; None where the writer names the partition."""
    for kind, field in _KEYS.items():
        if issubclass(model, kind):
            properties: Document = model.model_json_schema(mode=_MODE)["properties"]
            return properties[field] | {"description": f"`{field}` of the value"}
    return None
