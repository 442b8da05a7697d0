"""What a process says of itself on its health port."""

import http.client

PROBE_SECONDS = 3.0  # a busy machine answers late; that is not the same as not at all


def ready(port: int) -> bool:
    """Whether the process behind a health port does its work."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
