"""One request to one public https address, and to nothing else. The owner of httpcore2.

    text ──> Address (https, a full name, no user, port 443)
         ──> the name is resolved once; one answer that is not public refuses all
         ──> a wire to the very address that was checked; TLS speaks for the name
         ──> Reply: status, headers, the bytes as they come

An address may come from a file that somebody sent or from a redirect, and this program runs
inside a council's network: it must not be led to what only that network can reach. The check
stands where the wire is laid, so that a name which means another address a moment later
changes nothing. Certificates are checked as the system does: its own store on Windows and
macOS, OpenSSL's folders elsewhere; SSL_CERT_FILE names others, such as a council's own root.

Left out on purpose: proxies. Behind one the proxy resolves the name, and nothing could be
checked here; what the environment says of proxies is not read, and who has no other way out
downloads in a browser. Cookies, referers, compressed replies, HTTP/2 and redirects are not
known here either. The system's resolver keeps time limits of its own.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urljoin, urlsplit

import httpcore2

from rag.errors import FetchError
from rag.settings import LARGEST_FILE

BY_HAND = "Download it in a browser and run: rag add FILE"
_MOST_ADDRESSES = 4
"""How many addresses of one name are tried, one after the other."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{4,253}}\Z)(?:{_LABEL}\.)+(?=[a-z]){_LABEL}", re.ASCII)
"""A full name: at least two labels, the last of which starts with a letter, as in no number."""
_LONGEST = 4096
"""Characters of an address."""
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_KEPT = "%/:=&?~+!$,;'@()*-._"

# What the tables of ipaddress in Python 3.11 call global and no site is at, from the IANA
# special-purpose address registries: protocol assignments, 6to4 relays, Teredo and ORCHID,
# 6to4, documentation. Beyond 2000::/3 no IPv6 address is given to sites at all.
_SITES = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_NO_SITES = tuple(
    map(
        ip_network,
        "192.0.0.0/24 192.88.99.0/24 2001::/23 2001:db8::/32 2002::/16 3fff::/20".split(),
    )
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much is fetched, and how long is waited for it. Bytes and seconds."""

    largest: int = LARGEST_FILE
    connect: float = 10.0
    """For a connection, and again for TLS."""
    silence: float = 30.0
    """Between two pieces of a reply."""
    whole: float = 120.0
    """For one report with its redirects, without the waiting that the publisher asks for."""
    pause: float = 1.0
    """Between two requests to one host."""
    patience: float = 60.0
    """The longest wait that a publisher may ask for."""


@dataclass(frozen=True, slots=True)
class Address:
    """An https address whose parts were checked: a full name and a quoted target."""

    host: str
    target: str

    def __str__(self) -> str:
        return f"https://{self.host}{self.target}"


def address_of(text: str) -> Address:
    """The address that a text states; raises FetchError for one that is not fetched from."""
    shown = _shown(text)
    try:
        parts = urlsplit(text.strip(" "))
        port = parts.port
        target = (_quoted(parts.path) or "/") + (parts.query and f"?{_quoted(parts.query)}")
    except ValueError:
        raise FetchError(f"{shown} is not an address.", BY_HAND) from None
    if _FORBIDDEN.search(text) or not parts.netloc or len(text) > _LONGEST:
        raise FetchError(f"{shown} is not an address.", BY_HAND)
    if parts.scheme != "https":
        raise FetchError(f"{shown} is not an https address, and no other is fetched.", BY_HAND)
    if "@" in parts.netloc:
        raise FetchError(
            "An address with a user name is not fetched.", "Write it without the part before @."
        )
    if port not in (None, 443):
        raise FetchError(f"{shown} names port {port}; only 443 is fetched from.", BY_HAND)
    host = (parts.hostname or "") if parts.netloc.isascii() else ""
    if not _NAME.fullmatch(host):
        raise FetchError(
            f"{shown} does not name a public site.",
            "An address starts with a full name, such as https://www.example.gov.uk/.",
        )
    return Address(host, target)


def redirected(address: Address, location: str) -> Address:
    """Where a redirect leads; raises FetchError when that is not fetched from."""
    try:
        whole = urljoin(str(address), location.strip(" "))
    except ValueError:
        whole = location
    try:
        return address_of(whole)
    except FetchError as error:
        raise FetchError(f"{address} redirects: {error.what}", BY_HAND) from None


def is_public(text: str) -> bool:
    """True for an IP address of the public internet that a site may have.

    NAT64 (64:ff9b::/96) is how IPv4 sites are reached from networks with IPv6 only: there the
    IPv4 address counts. The other ways of writing IPv4 in IPv6 are never a site's.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address in _NAT64:
            address = IPv4Address(int(address) & 0xFFFFFFFF)
        elif address not in _SITES:
            return False
    unused = address.is_multicast or any(address in network for network in _NO_SITES)
    return address.is_global and not unused


def resolve(host: str) -> list[str]:
    """All addresses that the system knows for a name, in its order. Raises OSError."""
    found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Wiring:
    """What stands between this module and the world. Only tests have another one.

    There is no way to ask for an address that is not public: not here either.
    """

    resolve: Callable[[str], Sequence[str]] = resolve
    backend: httpcore2.NetworkBackend = field(default_factory=httpcore2.SyncBackend)
    sleep: Callable[[float], None] = time.sleep


class Deadline:
    """When a fetch must be over. Moved only by waits that the publisher asks for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def within(self, timeout: float | None) -> float:
        """``timeout``, or what is left if that is less; raises FetchError when nothing is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise FetchError(f"It took longer than {self.seconds:g} seconds.", BY_HAND)
        return left if timeout is None else min(timeout, left)

    def extend(self, seconds: float) -> None:
        """Leave a wait out of the count."""
        self._end += seconds


class _PublicOnly(httpcore2.NetworkBackend):
    """Lays wires to public addresses only, whatever it is asked for."""

    def __init__(self, wiring: Wiring, deadline: Deadline) -> None:
        self._wiring = wiring
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,  # noqa: ARG002  none are asked for
    ) -> httpcore2.NetworkStream:
        """A wire to the first address of ``host`` that answers, if all of them are public."""
        failed: Exception = FetchError(f"The name {host} has no address.", BY_HAND)
        for address in self._addresses(host)[:_MOST_ADDRESSES]:
            try:
                wire = self._wiring.backend.connect_tcp(
                    address, port, self._deadline.within(timeout), local_address
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _TimedWire(wire, self._deadline)
        raise failed

    def _addresses(self, host: str) -> list[str]:
        try:
            addresses = list(self._wiring.resolve(host))
        except (OSError, UnicodeError):
            raise FetchError(
                f"The name {host} cannot be found.", "Check the network and the address."
            ) from None
        for address in addresses:
            if not is_public(address):
                raise FetchError(
                    f"{host} leads to {address}, which is not on the public internet.", BY_HAND
                )
        return addresses


class _TimedWire(httpcore2.NetworkStream):
    """A wire that gives up when the deadline is reached, however little it is silent."""

    def __init__(self, wire: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._wire = wire
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._wire.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._wire.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._wire.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            left = self._deadline.within(timeout)
        except FetchError:
            self.close()
            raise
        wire = self._wire.start_tls(ssl_context, server_hostname, left)
        return _TimedWire(wire, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._wire.get_extra_info(info)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a site answered. ``headers`` have small names; ``chunks`` can be read once."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@contextmanager
def request(
    address: Address,
    headers: Mapping[str, str],
    limits: FetchLimits,
    deadline: Deadline,
    wiring: Wiring,
) -> Iterator[Reply]:
    """GET one address over a wire of its own, closed at the end of the ``with``.

    Raises FetchError, also while ``chunks`` are read: nothing public there, no such name, no
    answer in time, a certificate that is not trusted, a reply that breaks off.
    """
    host = address.host.encode()
    timeout = {"connect": limits.connect, "read": limits.silence, "write": limits.silence}
    try:
        with (
            httpcore2.HTTPConnection(
                origin=httpcore2.Origin(b"https", host, 443),
                ssl_context=httpcore2.default_ssl_context(),
                network_backend=_PublicOnly(wiring, deadline),
            ) as connection,
            connection.stream(
                "GET",
                httpcore2.URL(scheme=b"https", host=host, target=address.target.encode()),
                headers=[(name, value) for name, value in headers.items()],
                extensions={"timeout": timeout},
            ) as response,
        ):
            yield Reply(response.status, _joined(response.headers), response.iter_stream())
    except httpcore2.TimeoutException:
        deadline.within(None)
        raise FetchError(f"{address.host} did not answer in time.", "Try again later.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise _told(address, error) from None


def _told(address: Address, error: Exception) -> FetchError:
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return FetchError(
            f"The certificate of {address.host} is not trusted:"
            f" {error.__cause__.verify_message or 'it does not verify'}.",
            "If your network has a root certificate of its own, name its file in SSL_CERT_FILE.",
        )
    if isinstance(error, httpcore2.ConnectError):
        return FetchError(
            f"No connection to {address.host}: {error}.",
            f"Proxies are not used. {BY_HAND}",
        )
    return FetchError(f"The reply of {address.host} broke off: {error}.", "Try again later.")


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their small names; one that is sent twice is a list, as in RFC 9110, 5.3."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("utf-8", "surrogateescape")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _quoted(text: str) -> str:
    """A path or a query in ASCII; bytes that are no UTF-8 stay what they were."""
    return quote(text, safe=_KEPT, errors="surrogateescape")


def _shown(text: str) -> str:
    """An address as it can be printed: no control characters, no password, not too long."""
    plain = re.sub(r"//[^/]*@", "//…@", ascii(text)[1:-1])
    return plain if len(plain) <= 120 else f"{plain[:119]}…"
