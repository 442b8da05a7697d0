"""The one router of points, and what its answers have in common."""

from pydantic import BaseModel, ConfigDict

from shared.web.operations import operations

router = operations()


class Shown(BaseModel):
    """What is answered, read off what the handlers hold."""

    model_config = ConfigDict(from_attributes=True)
