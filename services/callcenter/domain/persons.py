"""How a person is shown to somebody who need not know more (CC-30)."""

TAIL = 4


def masked_number(number: str) -> str:
    """138****8000: enough to recognise, too little to call."""
    head = number[:3] if len(number) > TAIL + 3 else ""
    return f"{head}****{number[-TAIL:]}"


def masked_name(name: str) -> str:
    """The family name stays, the given name goes: 王*, 张*明."""
    if len(name) <= 1:
        return "*"
    if len(name) == 2:  # noqa: PLR2004 - a family name and one character.
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"
