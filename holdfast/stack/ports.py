"""Free TCP ports on the loopback address."""

import random
import socket

# Below the range that systems give to outgoing connections (32768 and up on Linux): a port of ours
# that is not bound yet would sooner or later be some client's.
_FIRST, _LAST = 20_000, 32_000
_TRIES_MAX = 1_000


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different.

    Raises:
        OSError: hardly a port is free.
    """
    found: list[int] = []
    chance = random.SystemRandom()  # two stacks that begin at once must not draw the same ports
    for port in chance.sample(range(_FIRST, _LAST), _TRIES_MAX):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        raise OSError(f"{count} free ports were not found between {_FIRST} and {_LAST}")
    return found


def is_free(port: int) -> bool:
    """Whether one could listen there."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
