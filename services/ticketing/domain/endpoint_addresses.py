"""Which addresses a webhook may be sent to: public ones, and networks that an operator allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = ip_network("64:ff9b::/96")
_WELL_KNOWN = {"http": 80, "https": 443}
_IPV4_BITS = 0xFFFFFFFF


class TargetRefused(ValueError):  # noqa: N818 - the message says what to do.
    """Nothing is sent there; the message says why and what to do."""


def host_and_port(url: str) -> tuple[str, int]:
    """Whom a webhook's URL names.

    Raises:
        TargetRefused: it is no URL of a web server, or carries a user.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetRefused(f"the endpoint's URL cannot be read: {error}") from error
    if parts.scheme not in _WELL_KNOWN or not parts.hostname:
        raise TargetRefused("the endpoint's URL must be https://HOST/…")
    if parts.username is not None or parts.password is not None:
        raise TargetRefused(
            "the endpoint's URL must not carry a user; the signature proves who we are"
        )
    return parts.hostname, port or _WELL_KNOWN[parts.scheme]


def chosen(scheme: str, found: Sequence[str], allowed: Sequence[Network]) -> Address:
    """The address to connect to, of all that the name resolved to.

    One that is refused refuses the name: who answers with both could answer with it alone next.

    Raises:
        TargetRefused: an address is not public, and in no network that is allowed.
    """
    addresses = [ip_address(one.partition("%")[0]) for one in found]
    if not addresses:
        raise TargetRefused("the endpoint's name has no address")
    for address in addresses:
        _require(scheme, address, allowed)
    return addresses[0]


def _require(scheme: str, address: Address, allowed: Sequence[Network]) -> None:
    meant = _meant(address)
    # Whether or not it is written as IPv6, what counts is where the connection ends.
    if any(one in network for one in (address, meant) for network in allowed):
        return
    if not meant.is_global or meant.is_multicast:
        raise TargetRefused(
            f"the endpoint's address {address} is not public; "
            "if it is one of yours, add its network to HOLDFAST_WEBHOOK_NETWORKS"
        )
    if scheme != "https":
        raise TargetRefused("the endpoint's URL must be https: the address is public")


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only carries, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_BITS)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
