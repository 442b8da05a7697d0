"""Kafka's jars: fetched once by jgo, or brought by the site."""

from pathlib import Path

KAFKA_VERSION = "4.3.1"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"

_WAYS_ON = """Kafka's jars could not be fetched: {reason}
Three ways on:
  1. allow this machine to reach a Maven repository and run `holdfast up` again;
  2. holdfast up --kafka-jars DIR      a folder with the jars of Kafka 4.3.1 and slf4j-simple
  3. holdfast up --kafka HOST:PORT     brokers that are already there"""


class NoJars(Exception):  # noqa: N818 - the message names the ways on.
    """The jars are not here and could not be fetched."""


def class_path(brought: Path | None = None) -> str:
    """The class path of the broker.

    Raises:
        NoJars: with the three ways on.
    """
    if brought is not None:
        if not any(brought.glob("kafka_*.jar")):
            raise NoJars(_WAYS_ON.format(reason=f"{brought} holds no kafka_*.jar"))
        return f"{brought}/*"
    # Imported here: it is part of the desk, not of the image, and it takes its time.
    import jgo  # noqa: PLC0415

    try:
        first = next(iter(jgo.build(KAFKA).classpath))
    except Exception as error:
        # Whatever a resolver of the network may raise has the same three remedies.
        raise NoJars(_WAYS_ON.format(reason=f"{type(error).__name__}: {error}")) from error
    # jgo puts jars into two folders, and both belong on the path.
    folder = Path(str(first)).parent.parent
    return f"{folder}/jars/*:{folder}/modules/*"
