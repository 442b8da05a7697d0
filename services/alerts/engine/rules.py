"""Which rules are live, in which version, with which parameters: from activations in the log."""

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.alerts.engine.layout import CODES, DAY, PARAMETERS, Rows
from shared.errors import RecordFault

# Of each rule, the parameters that an activation must carry beside its cool-down.
NAMES = {
    "AL-01": frozenset({"plunge_percent", "plunge_mean_fen_min", "warm_up_days"}),
    "AL-02": frozenset({"forwarded_percent", "forwarded_seconds_min"}),
    "AL-04": frozenset[str](),
    "AL-06": frozenset({"expiry_days"}),
    "AL-28": frozenset(
        {"silence_seconds_min", "silence_gaps", "silence_records_min", "warm_up_days"}
    ),
}


class Activation(BaseModel):
    """A version of a rule goes live; with `live` false the rule stops."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: str
    version: Annotated[int, Field(gt=0, lt=2**31)]
    cool_down_days: Annotated[int, Field(ge=0, le=400)]
    parameters: dict[str, Annotated[int, Field(ge=0, lt=2**53)]]
    live: bool = True


def activation_in(fields: dict[str, Any]) -> Activation:
    """The activation that a control record carries.

    Raises:
        RecordFault: it names no rule of ours, or not exactly that rule's parameters.
    """
    try:
        activation = Activation.model_validate(fields)
    except ValidationError as error:
        raise RecordFault("schema", f"activation: {error.error_count()} errors") from error
    needed = NAMES.get(activation.rule)
    if needed is None:
        raise RecordFault("unknown-rule", f"known: {', '.join(NAMES)}")
    if activation.parameters.keys() != needed:
        raise RecordFault("schema", f"{activation.rule} takes {', '.join(sorted(needed))}")
    return activation


def no_rules() -> Rows:
    """Parameters under which nothing is live."""
    return np.zeros(1, PARAMETERS)


def activate(rules: Rows, activation: Activation) -> None:
    place = CODES.index(activation.rule)
    rules[0]["version"][place] = activation.version if activation.live else 0
    rules[0]["cool_down"][place] = activation.cool_down_days * DAY
    for name, value in activation.parameters.items():
        rules[0][name] = value
