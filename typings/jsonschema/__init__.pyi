"""What Holdfast uses of jsonschema 4, typed; the dialect is the one that `$schema` names."""

from collections.abc import Mapping

class ValidationError(Exception): ...

def validate(instance: object, schema: Mapping[str, object]) -> None: ...
