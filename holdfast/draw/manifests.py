"""deploy/k8s/base: the topics, and who may do what with them, for Strimzi's operators."""

from collections.abc import Sequence
from typing import Any

import yaml

from holdfast.topic_settings import settings_of
from shared.events.catalogue import SERVICES, TOPICS, Topic, topics_read_by

FOLDER = "deploy/k8s/base"
API = "kafka.strimzi.io/v1"
CLUSTER = "holdfast"
REPLICAS = 3
# With three replicas a write survives one broker, and is still acknowledged while one is away.
IN_SYNC_REPLICAS = 2

Manifest = dict[str, Any]

_DRAWN = "# Drawn from shared/events/catalogue.py by `make docs`; changes here are overwritten.\n"


def drawn() -> dict[str, str]:
    """KafkaTopic, KafkaUser and the kustomization that names their files."""
    files = {
        "kafka-topics.yaml": [_topic(topic) for topic in TOPICS],
        "kafka-users.yaml": [_user(name) for name in _names()],
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    documents = files | {"kustomization.yaml": [kustomization]}
    return {f"{FOLDER}/{name}": _text(manifests) for name, manifests in documents.items()}


def _names() -> list[str]:
    """Our services, then the systems outside that publish."""
    outside = {name for topic in TOPICS for name in topic.publishers} - set(SERVICES)
    return [*SERVICES, *sorted(outside)]


def _topic(topic: Topic) -> Manifest:
    settings = settings_of(topic) | {"min.insync.replicas": IN_SYNC_REPLICAS}
    return _resource("KafkaTopic", topic.name) | {
        "spec": {
            "partitions": topic.partitions,
            "replicas": REPLICAS,
            "config": dict(sorted(settings.items())),
        }
    }


def _user(name: str) -> Manifest:
    """One user a service; the names of its groups begin with the user's name.

    Right to write is right to write idempotently (KIP-679), so no cluster-wide right is given.
    """
    writes = [topic.name for topic in TOPICS if name in topic.publishers]
    reads = [topic.name for topic in topics_read_by(name)]
    user = f"holdfast-{name}"
    acls = [_acl("topic", topic, ["Describe", "Write"]) for topic in writes]
    acls += [_acl("topic", topic, ["Describe", "Read"]) for topic in reads]
    if reads:
        acls.append(_acl("group", user, ["Describe", "Read"], pattern="prefix"))
    return _resource("KafkaUser", user) | {
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": acls},
        }
    }


def _acl(kind: str, name: str, operations: list[str], *, pattern: str = "literal") -> Manifest:
    resource = {"type": kind, "name": name, "patternType": pattern}
    return {"resource": resource, "operations": operations}


def _resource(kind: str, name: str) -> Manifest:
    labels = {"strimzi.io/cluster": CLUSTER, "app.kubernetes.io/part-of": "holdfast"}
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "labels": labels}}


def _text(manifests: Sequence[Manifest]) -> str:
    return _DRAWN + yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True)
