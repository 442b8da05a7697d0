"""A topic's settings in the broker's words, for whoever creates or describes topics."""

from datetime import timedelta

from shared.events.catalogue import Topic


def settings_of(topic: Topic) -> dict[str, str | int]:
    """The broker's settings of `topic`; what is not named stays at the broker's default."""
    settings: dict[str, str | int] = {
        "cleanup.policy": "compact" if topic.retention is None else "delete",
        "max.message.bytes": topic.message_bytes_max,
        # A source with a wrong clock must not decide how long its records are kept.
        "message.timestamp.type": "LogAppendTime",
    }
    if topic.retention is not None:
        settings["retention.ms"] = topic.retention // timedelta(milliseconds=1)
    return settings
