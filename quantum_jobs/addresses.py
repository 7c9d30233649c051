"""Where the service may be led by a URL that a caller gives: https to public addresses, and what the operator allows.

A name may lead elsewhere at any time, so its addresses are checked at every connection, which goes to one of those that
were checked. Networks: IANA's registries of special-purpose addresses, as Python's `ipaddress` knows them, and below.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self

from quantum_jobs.errors import SettingsMissing, WebhookRefused

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

HTTPS_PORT = 443
_URL = re.compile(
    r"https://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label by which other readers take a name for an address
# Never allowed, whatever the setting says: there live the credentials of the machine that runs us.
_NEVER = tuple(map(ip_network, ("169.254.0.0/16", "fe80::/10", "168.63.129.16/32", "fd00:ec2::254/128")))
# Refused, though `ipaddress` calls some of them global: relays, ways by which IPv6 leads into IPv4, documentation.
_RELAYS = tuple(map(ip_network, ("192.88.99.0/24", "2002::/16", "2001::/32", "64:ff9b:1::/48", "3fff::/20")))
_PUBLIC_V6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Place:
    """A receiver's URL, read once: who is connected to, and what is asked there."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"


@dataclass(frozen=True)
class Bounds:
    """Ports that may be connected to, and networks that are allowed though they are not public."""

    ports: tuple[range, ...] = (range(HTTPS_PORT, HTTPS_PORT + 1),)
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, ports: str, networks: str) -> Self:
        """Read the settings: ports `443,8000-8100`, networks `10.1.0.0/16,fd12::/64`, both apart by commas.

        Raises:
            SettingsMissing: one of them is not of this form.
        """
        try:
            return cls(
                tuple(map(_ports, _listed(ports))) or cls.ports, tuple(ip_network(text) for text in _listed(networks))
            )
        except ValueError as error:
            raise SettingsMissing(f"WEBHOOK_ALLOWED_PORTS or WEBHOOK_ALLOWED_NETWORKS: {error}.") from error

    def admits(self, address: Address) -> bool:
        """Tell whether an address may be connected to."""
        plain = _inner(address)
        if _within(plain, _NEVER) or _within(address, _NEVER):
            return False
        return _is_public(plain) or _within(plain, self.networks)


def read_url(url: str, bounds: Bounds) -> Place:
    """Read a receiver's URL.

    Raises:
        WebhookRefused: not https, or written in a way that two readers could understand differently.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise WebhookRefused("must be https://name/path, without user, password, fragment or odd characters")
    port = int(found["port"] or HTTPS_PORT)
    if not any(port in ports for ports in bounds.ports):
        raise WebhookRefused(f"port {port} is not allowed here")
    target = found["target"] or "/"
    return Place(_host(found["host"].lower()), port, target if target.startswith("/") else f"/{target}")


def checked(addresses: Iterable[str], host: str, bounds: Bounds) -> Sequence[str]:
    """Give a name's addresses, if every one of them may be connected to.

    Raises:
        WebhookRefused: one may not. Which one is not told: callers need not learn what is where in a network.
    """
    found = list(addresses)
    if not found or not all(bounds.admits(ip_address(text)) for text in found):
        raise WebhookRefused(f"{host} leads to an address that is not public")
    return found


def _host(text: str) -> str:
    """Give a name or the usual writing of an address; other writings of addresses are refused."""
    if text.startswith("["):
        return str(_literal(text[1:-1], IPv6Address))
    labels = text.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(_literal(text, IPv4Address))
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise WebhookRefused("the host is not a name")
    return text


def _literal[A: (IPv4Address, IPv6Address)](text: str, kind: type[A]) -> A:
    try:
        return kind(text)
    except ValueError as error:
        raise WebhookRefused("the host is not a name, nor an address in its usual writing") from error


def _inner(address: Address) -> Address:
    """Give the IPv4 address to which an IPv6 address leads, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or _within(address, _RELAYS):
        return False
    return isinstance(address, IPv4Address) or address in _PUBLIC_V6


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _ports(text: str) -> range:
    first, dash, last = text.partition("-")
    ports = range(int(first), int(last if dash else first) + 1)
    if not ports or ports[0] < 1 or ports[-1] > 65_535:
        raise ValueError(f"{text!r} are no ports")
    return ports
