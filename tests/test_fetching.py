"""Fetching, against a real HTTPS server on this machine.

Names have public addresses here, as the checks demand; only the wire to them is laid to the
server of the test, by the one part that tests replace. Nothing leaves the machine.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path

import httpcore2
import pytest
import trustme
from conftest import CORPUS, FIVE, ROOT
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.provisional import domains

from rag.assistant import Assistant
from rag.errors import FetchError, InputError, RagError
from rag.fetching import Fetcher, _seconds, fetch_all, held, listed
from rag.settings import LARGEST_FILE
from rag.web import (
    Address,
    Deadline,
    FetchLimits,
    Wiring,
    address_of,
    is_public,
    redirected,
    request,
)

HOST = "www.example.gov.uk"
OTHER = "reports.example.gov.uk"
REPORT = f"https://{HOST}/report"
PUBLIC = "93.184.215.14"
PDF = b"%PDF-1.7\n" + b"0" * 5000 + b"\n%%EOF\n"
HTML = b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><body><p>Carers are heard.</p></body></html>"
DOCX = b"PK\x03\x04" + b"0" * 3000
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LIMITS = FetchLimits(largest=100_000, connect=5, silence=5, whole=10, pause=0)


class Visit(BaseHTTPRequestHandler):
    """One request to the site: what it does is looked up by host and path."""

    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self.server.asked.append(f"{host}{self.path}")
        self.server.headers.append(dict(self.headers.items()))
        routes = self.server.routes
        act = routes.get(f"{host}{self.path}") or routes.get(self.path, sends(b"", status=404))
        with contextlib.suppress(OSError):
            act(self)

    def head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


Act = Callable[[Visit], None]


class Site(ThreadingHTTPServer):
    """A server with a certificate, whose pages a test writes."""

    daemon_threads = True

    def __init__(self, certificate: trustme.LeafCert) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.tls)
        self.routes: dict[str, Act] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()
        """Set when the test is over, for pages that never end."""

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self.tls.wrap_socket(request, server_side=True) as wire:
            super().finish_request(wire, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hung up, as it should in many of these tests."""


class Recorder(httpcore2.SyncBackend):
    """Lays every wire to the site of the test, and writes down where it was asked to."""

    def __init__(self, port: int | None) -> None:
        self.port = port
        self.asked: list[str] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore2.NetworkStream:
        assert port == 443
        self.asked.append(host)
        if self.port is None:
            raise httpcore2.ConnectError("no wire is laid")
        return super().connect_tcp("127.0.0.1", self.port, timeout)


class World:
    """The site, the names that lead to it, and the time that was waited."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.names: dict[str, list[str]] = {HOST: [PUBLIC], OTHER: ["2606:2800:21f::1"]}
        self.wires = Recorder(site.server_address[1])
        self.waited: list[float] = []
        self.wiring = Wiring(self.resolve, self.wires, self.waited.append)

    def resolve(self, host: str) -> Sequence[str]:
        if host not in self.names:
            raise socket.gaierror("no such name")
        return self.names[host]

    def fetch(
        self, into: Path, address: str = REPORT, limits: FetchLimits = LIMITS
    ) -> tuple[Path, str]:
        got = Fetcher(limits, wiring=self.wiring).fetch(address, into, "sefton-2022")
        assert not got.kept
        assert got.size == got.path.stat().st_size
        return got.path, got.address

    def refuses(
        self, into: Path, why: str, address: str = REPORT, limits: FetchLimits = LIMITS
    ) -> FetchError:
        """The fetch fails for this reason, says what to do, and leaves nothing behind."""
        with pytest.raises(FetchError, match=why) as caught:
            self.fetch(into, address, limits)
        assert caught.value.next_step
        assert not into.exists() or list(into.iterdir()) == []
        return caught.value


def sends(body: bytes, content_type: str = "text/plain", status: int = 200, **more: str) -> Act:
    def act(visit: Visit) -> None:
        visit.head(status, Content_Type=content_type, Content_Length=str(len(body)), **more)
        visit.wfile.write(body)

    return act


def leads(location: str, status: int = 302) -> Act:
    """A redirect; what is not ASCII in it is sent as it is, in UTF-8."""
    raw = location.encode().decode("latin-1")
    return sends(b"", status=status, Location=raw)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def world(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    trusted = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(authority.issue_cert(HOST, OTHER)) as site:
        yield World(site)


@contextlib.contextmanager
def serving(certificate: trustme.LeafCert) -> Iterator[Site]:
    with Site(certificate) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            site.over.set()
            site.shutdown()
            thread.join()


# --- what is got --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "path", "ending"),
    [
        (PDF, "application/pdf", "/report", ".pdf"),
        (b"\n\n" + PDF, "application/pdf;charset=utf-8", "/report", ".pdf"),
        (PDF, "application/octet-stream", "/report", ".pdf"),
        (HTML, "text/html; charset=utf-8", "/report", ".html"),
        (HTML.decode().encode("utf-16"), "text/html", "/report", ".html"),
        (b'<?xml version="1.0"?><html/>', "application/xhtml+xml", "/report", ".html"),
        (DOCX, WORD, "/report", ".docx"),
        (DOCX, "application/octet-stream", "/report.docx", ".docx"),
    ],
)
def test_a_report_is_there_whole_under_the_ending_of_its_kind(
    world: World, into: Path, body: bytes, content_type: str, path: str, ending: str
) -> None:
    world.site.routes[path] = sends(body, content_type)
    got, _ = world.fetch(into, f"https://{HOST}{path}")
    assert got == into / f"sefton-2022{ending}"
    assert got.read_bytes() == body
    assert list(into.iterdir()) == [got]
    assert world.wires.asked == [PUBLIC, PUBLIC]


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (HTML, "application/pdf", "a web page"),
        (PDF, "text/html", "a PDF"),
        (HTML, "application/octet-stream", "a web page"),
        (DOCX, "application/octet-stream", "some ZIP file"),
        (DOCX, "application/zip", "a Word or other ZIP file"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 99, "application/msword", "an old Word"),
        (b"MZ\x90\x00" + b"0" * 99, "application/pdf", "something else"),
        (b"", "application/pdf", "an empty file"),
        (b"Carers are heard.", "text/plain", "something else"),
    ],
)
def test_what_is_no_report_is_refused_with_what_was_got(
    world: World, into: Path, body: bytes, content_type: str, shown: str
) -> None:
    world.site.routes["/report"] = sends(body, content_type)
    error = world.refuses(into, shown)
    assert content_type in error.what
    assert "rag add" in error.next_step


def test_a_request_names_the_program_and_nobody_and_keeps_no_cookie(
    world: World, into: Path
) -> None:
    cookie = {"Set_Cookie": "id=7"}
    world.site.routes["/report"] = sends(b"", status=302, Location="/real", **cookie)
    world.site.routes["/real"] = sends(PDF, "application/pdf")
    world.fetch(into)
    for headers in world.site.headers:
        assert headers["User-Agent"].startswith("council-reports-rag")
        assert headers["Accept-Encoding"] == "identity"
        assert set(headers) == {
            "Host",
            "User-Agent",
            "Accept",
            "Accept-Encoding",
            "Accept-Language",
        }


def test_a_proxy_of_the_environment_is_not_used(
    world: World, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    world.fetch(into)
    assert set(world.wires.asked) == {PUBLIC}


def test_what_is_there_already_is_not_fetched_again_unless_asked(world: World, into: Path) -> None:
    into.mkdir()
    (into / "sefton-2022.html").write_bytes(HTML)
    fetcher = Fetcher(LIMITS, wiring=world.wiring)
    got = fetcher.fetch(REPORT, into, "sefton-2022")
    assert (got.kept, got.path, got.size) == (True, into / "sefton-2022.html", len(HTML))
    assert world.wires.asked == []
    world.site.routes["/report"] = sends(HTML * 2, "text/html")
    again = fetcher.fetch(REPORT, into, "sefton-2022", again=True)
    assert (again.kept, again.path) == (False, got.path)
    assert got.path.read_bytes() == HTML * 2


def test_a_fetch_that_fails_leaves_what_was_there(world: World, into: Path) -> None:
    into.mkdir()
    (into / "sefton-2022.pdf").write_bytes(PDF)
    fetcher = Fetcher(LIMITS, wiring=world.wiring)
    with pytest.raises(FetchError):
        fetcher.fetch(REPORT, into, "sefton-2022", again=True)
    assert (into / "sefton-2022.pdf").read_bytes() == PDF


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "A", "a b", "a.pdf"])
def test_a_name_that_could_lead_elsewhere_is_refused(world: World, into: Path, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        Fetcher(LIMITS, wiring=world.wiring).fetch(REPORT, into, name)
    assert world.wires.asked == []


def test_a_folder_that_cannot_be_written_is_told(world: World, tmp_path: Path) -> None:
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FetchError, match="cannot be written") as caught:
        world.fetch(tmp_path / "file")
    assert caught.value.next_step == "Name another folder."


# --- where it may come from ---------------------------------------------------------------


def test_redirects_are_followed_within_and_between_sites(world: World, into: Path) -> None:
    world.site.routes |= {
        f"{HOST}/report": leads("/a b?c=é", 301),
        f"{HOST}/a%20b?c=%C3%A9": leads(f"//{OTHER}/two", 303),
        f"{OTHER}/two": leads("three#page=2", 307),
        f"{OTHER}/three": leads(f"https://{HOST}:443/four", 308),
        f"{HOST}/four": leads("five"),
        f"{HOST}/five": sends(PDF, "application/pdf"),
    }
    _, final = world.fetch(into)
    assert final == f"https://{HOST}/five"
    assert f"{OTHER}/robots.txt" in world.site.asked


@pytest.mark.parametrize("back", ["/report", REPORT])
def test_a_redirect_in_a_circle_ends(world: World, into: Path, back: str) -> None:
    world.site.routes["/report"] = leads(back)
    world.refuses(into, "redirects once more, after 5 times")
    assert world.site.asked.count(f"{HOST}/report") == 6


@pytest.mark.parametrize(
    ("location", "why"),
    [
        (f"http://{HOST}/report.pdf", "not an https address"),
        ("file:///etc/passwd", "not an address"),
        ("data:text/html,a", "not an address"),
        ("https://169.254.169.254/latest", "does not name a public site"),
        ("https://[::1]/", "does not name a public site"),
        ("https://[::ffff:127.0.0.1]/", "does not name a public site"),
        ("https://0.0.0.0/", "does not name a public site"),
        ("https://2130706433/", "does not name a public site"),
        ("https://0x7f000001/", "does not name a public site"),
        ("https://0x7f.0x0.0x0.0x1/", "does not name a public site"),
        ("https://0177.0.0.1/", "does not name a public site"),
        ("https://127.1/", "does not name a public site"),
        ("https://127%2e0%2e0%2e1/", "does not name a public site"),
        ("https://１２７.0.0.1/", "does not name a public site"),
        ("https://localhost/", "does not name a public site"),
        (f"https://{HOST}./", "does not name a public site"),
        ("https://[::1", "not an address"),
        (f"https://{HOST}:8443/", "names port 8443"),
        (f"https://{HOST}:99999/", "not an address"),
        (f"https://me:secret@{HOST}/", "user name"),
        (f"https://{HOST}\\@{OTHER}/", "not an address"),
        (f"https://{HOST}/\x7f", "not an address"),
        (f"https://{HOST}/{'a' * 5000}", "not an address"),
        ("https://inside.example.gov.uk/", "leads to 10.0.0.1"),
        ("https://mixed.example.gov.uk/", "leads to 192.168.1.1"),
        ("https://mapped.example.gov.uk/", "leads to ::ffff:127.0.0.1"),
        ("https://nowhere.example.gov.uk/", "cannot be found"),
        ("https://empty.example.gov.uk/", "has no address"),
    ],
)
def test_a_redirect_to_where_no_report_is_is_refused_before_a_wire_is_laid(
    world: World, into: Path, location: str, why: str
) -> None:
    world.names |= {
        "inside.example.gov.uk": ["10.0.0.1"],
        "mixed.example.gov.uk": [PUBLIC, "192.168.1.1"],
        "mapped.example.gov.uk": ["::ffff:127.0.0.1"],
        "empty.example.gov.uk": [],
    }
    world.site.routes["/report"] = leads(location)
    error = world.refuses(into, why)
    assert "secret" not in str(error)
    assert set(world.wires.asked) == {PUBLIC}
    world.wires.asked.clear()
    world.refuses(into, why, location)
    assert world.wires.asked == []


@pytest.mark.parametrize("text", ["", " ", "a report", "https:", "https:///a", "//a.uk/", "\ud800"])
def test_what_is_no_address_is_refused(world: World, into: Path, text: str) -> None:
    world.refuses(into, "is not an address|is not an https address", text)
    assert world.wires.asked == []


def test_bytes_of_a_redirect_that_are_no_utf_8_stay_what_they_were(
    world: World, into: Path
) -> None:
    world.site.routes["/report"] = sends(b"", status=302, Location="/caf\xe9")
    world.site.routes["/caf%E9"] = sends(PDF, "application/pdf")
    _, final = world.fetch(into)
    assert final == f"https://{HOST}/caf%E9"


def test_a_name_that_means_another_address_a_moment_later_changes_nothing(
    world: World, into: Path
) -> None:
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    answers = iter([[PUBLIC], [PUBLIC], ["127.0.0.1"]])
    wiring = Wiring(lambda host: next(answers), world.wires, world.waited.append)
    Fetcher(LIMITS, wiring=wiring).fetch(REPORT, into, "sefton-2022")
    assert next(answers) == ["127.0.0.1"], "each request resolves the name once"
    assert world.wires.asked == [PUBLIC, PUBLIC]


def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(
    world: World, into: Path
) -> None:
    class FirstIsDown(Recorder):
        def connect_tcp(
            self, host: str, port: int, timeout: float | None = None, *rest: object
        ) -> httpcore2.NetworkStream:
            if host == "2606:2800:21f::1":
                self.asked.append(host)
                raise httpcore2.ConnectError("unreachable")
            return super().connect_tcp(host, port, timeout)

    world.site.routes["/report"] = sends(PDF, "application/pdf")
    wires = FirstIsDown(world.wires.port)
    both = ["2606:2800:21f::1", PUBLIC]
    wiring = Wiring(lambda host: both, wires, world.waited.append)
    Fetcher(LIMITS, wiring=wiring).fetch(REPORT, into, "sefton-2022")
    assert wires.asked == both * 2


def test_a_certificate_of_an_unknown_authority_or_another_name_is_refused(
    world: World, authority: trustme.CA, into: Path
) -> None:
    world.names["www.example.org.uk"] = [PUBLIC]
    world.refuses(into, "certificate of www.example.org.uk", "https://www.example.org.uk/")
    with serving(trustme.CA().issue_cert(HOST)) as impostor:
        error = World(impostor).refuses(into, f"certificate of {HOST} is not trusted")
        assert impostor.asked == []
    assert "SSL_CERT_FILE" in error.next_step


# The special-purpose registries of IANA (IPv4 and IPv6), their parts that are not for sites.
SPECIAL = [
    ip_network(network)
    for network in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    224.0.0.0/4 240.0.0.0/4
    ::/96 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20
    5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
    """.split()
]
SPECIAL_ADDRESSES = st.sampled_from(SPECIAL).flatmap(
    lambda network: st.integers(0, network.num_addresses - 1).map(lambda n: str(network[n]))
)
ANY_ADDRESS = st.one_of(
    st.ip_addresses().map(str),
    SPECIAL_ADDRESSES,
    SPECIAL_ADDRESSES.map(lambda text: f"64:ff9b::{text}" if ":" not in text else text),
    SPECIAL_ADDRESSES.map(lambda text: f"{text}%eth0" if ":" in text else text),
)
HOSTS = st.one_of(
    st.text(max_size=40),
    st.text("0123456789abcdefx.:[]%-", max_size=30),
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.ip_addresses(v=4).map(lambda address: str(int(address))),
    st.ip_addresses(v=4).map(lambda address: hex(int(address))),
    st.ip_addresses(v=4).map(lambda address: f"[::ffff:{address}]"),
    domains(),
)


@given(SPECIAL_ADDRESSES)
def test_no_special_address_is_public(address: str) -> None:
    assert not is_public(address)
    assert ":" in address or not is_public(f"64:ff9b::{address}")
    assert ":" in address or not is_public(f"::ffff:{address}")


@pytest.mark.parametrize("address", [PUBLIC, "151.101.0.1", "2a04:4e42::1", "64:ff9b::5db8:d70e"])
def test_addresses_of_sites_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["2a04:4e42::1%eth0", "127.1", "", HOST, "0x7f.1"])
def test_what_is_not_an_ip_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@given(HOSTS, st.lists(ANY_ADDRESS, max_size=4), st.sampled_from(["", "/a", "?b", "#c", ":443"]))
@example(HOST, [PUBLIC], "/")
@example(HOST, [PUBLIC, "127.0.0.1"], "/")
def test_no_host_and_no_answer_to_its_name_lays_a_wire_to_a_special_address(
    host: str, answers: list[str], rest: str
) -> None:
    wires = Recorder(None)
    wiring = Wiring(lambda name: answers, wires)
    with contextlib.suppress(FetchError):
        address = address_of(f"https://{host}{rest}")
        with request(address, {}, LIMITS, Deadline(5), wiring):
            pytest.fail("there is no wire")
    for asked in map(ip_address, wires.asked):
        assert not any(asked in network for network in SPECIAL)
        assert str(asked) in answers
    if any(ip_address(a.partition("%")[0]) in n for a in answers for n in SPECIAL):
        assert wires.asked == []


@given(HOSTS)
@example("127.0.0.1")
@example("2130706433")
@example("0x7f.1")
@example("[::1]")
@example("017700000001")
def test_no_number_however_written_is_taken_for_a_name(host: str) -> None:
    try:
        name = address_of(f"https://{host}/").host
    except FetchError:
        return
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(name, 443, flags=socket.AI_NUMERICHOST)


@given(st.text() | st.text("\ud800\udc80é/%?#:@a."), st.booleans())
def test_any_text_is_an_address_or_is_refused(text: str, as_redirect: bool) -> None:
    try:
        address = redirected(Address(HOST, "/a"), text) if as_redirect else address_of(text)
    except FetchError as error:
        told = str(error)
        assert told.isprintable()
        return
    assert re.fullmatch(r"https://[a-z0-9.-]+/[!-~]*", str(address))
    assert address_of(str(address)) == address


def test_only_these_tests_know_of_another_wiring() -> None:
    sources = {path.name: path.read_text("utf-8") for path in (ROOT / "rag").rglob("*.py")}
    assert {name for name, text in sources.items() if "Wiring" in text} <= {
        "web.py",
        "fetching.py",
    }
    assert sources["fetching.py"].count("Wiring(") == 1


# --- how much of it -----------------------------------------------------------------------


def test_a_stated_length_beyond_the_limit_is_refused_before_it_is_read(
    world: World, into: Path
) -> None:
    def act(visit: Visit) -> None:
        visit.head(Content_Type="application/pdf", Content_Length=str(10**12))
        visit.server.over.wait(5)

    world.site.routes["/report"] = act
    world.refuses(into, "larger than")


def test_a_stream_that_says_no_length_is_cut_at_the_limit(world: World, into: Path) -> None:
    sent = 0

    def act(visit: Visit) -> None:
        nonlocal sent
        visit.head(Content_Type="application/pdf", Transfer_Encoding="chunked")
        piece = PDF[:1000] + b"0" * 3096
        for _ in range(10**5):
            visit.wfile.write(b"1000\r\n" + piece + b"\r\n")
            sent += len(piece)

    world.site.routes["/report"] = act
    world.refuses(into, "larger than")
    assert sent >= LIMITS.largest


def test_the_limit_is_that_of_the_readers() -> None:
    assert FetchLimits().largest == LARGEST_FILE


def test_a_file_of_exactly_the_limit_is_fetched(world: World, into: Path) -> None:
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    limits = FetchLimits(largest=len(PDF), pause=0)
    world.fetch(into, limits=limits)
    (into / "sefton-2022.pdf").unlink()
    world.refuses(into, "larger than", limits=FetchLimits(largest=len(PDF) - 1, pause=0))


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_reply_is_refused_unread(world: World, into: Path, encoding: str) -> None:
    bomb = gzip.compress(PDF + b"0" * 10**7)
    world.site.routes["/report"] = sends(bomb, "application/pdf", Content_Encoding=encoding)
    world.refuses(into, "sends its reply compressed")


def test_a_reply_that_breaks_off_is_not_kept(world: World, into: Path) -> None:
    def act(visit: Visit) -> None:
        visit.head(Content_Type="application/pdf", Content_Length=str(len(PDF)))
        visit.wfile.write(PDF[:-1])
        visit.close_connection = True

    world.site.routes["/report"] = act
    world.refuses(into, "broke off")


def test_a_reply_that_does_not_say_where_it_ends_is_refused(world: World, into: Path) -> None:
    def act(visit: Visit) -> None:
        visit.head(Content_Type="application/pdf", Connection="close")
        visit.wfile.write(PDF)

    world.site.routes["/report"] = act
    world.refuses(into, "does not say where its reply ends")


def says(text: bytes) -> Act:
    def act(visit: Visit) -> None:
        visit.wfile.write(text)

    return act


def drips(visit: Visit, first: bytes) -> None:
    """First bytes, then one every hundredth of a second: never silent, not over for long."""
    visit.wfile.write(first)
    for _ in range(500):
        if visit.server.over.wait(0.01):
            return
        visit.wfile.write(b"0")
    visit.close_connection = True


def test_a_body_that_drips_ends_when_the_whole_time_is_over(world: World, into: Path) -> None:
    def act(visit: Visit) -> None:
        visit.head(Content_Type="application/pdf", Content_Length="90000")
        drips(visit, PDF)

    world.site.routes["/report"] = act
    world.refuses(into, "longer than 0.3 seconds", limits=FetchLimits(pause=0, whole=0.3))


def test_headers_that_drip_end_when_the_whole_time_is_over(world: World, into: Path) -> None:
    world.site.routes["/report"] = lambda visit: drips(visit, b"HTTP/1.1 200 OK\r\nA: ")
    world.refuses(into, "longer than 0.3 seconds", limits=FetchLimits(pause=0, whole=0.3))


def test_interim_answers_without_end_end_when_the_whole_time_is_over(
    world: World, into: Path
) -> None:
    def act(visit: Visit) -> None:
        for _ in range(10**6):
            visit.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    world.site.routes["/report"] = act
    world.refuses(into, "longer than 0.3 seconds", limits=FetchLimits(pause=0, whole=0.3))


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n"])
def test_a_site_that_is_silent_is_not_waited_for(world: World, into: Path, said: bytes) -> None:
    def act(visit: Visit) -> None:
        visit.wfile.write(said)
        visit.server.over.wait(5)

    world.site.routes["/report"] = act
    world.refuses(into, "did not answer in time", limits=FetchLimits(pause=0, silence=0.2))


def test_a_site_that_says_nothing_to_the_handshake_is_not_waited_for(
    world: World, into: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        world.wires.port = silent.getsockname()[1]
        world.refuses(into, "did not answer in time", limits=FetchLimits(connect=0.2))


def test_what_is_no_http_is_refused(world: World, into: Path) -> None:
    world.site.routes["/report"] = says(b"220 ready for mail\r\n\r\n")
    world.refuses(into, "broke off")


def test_a_site_that_cannot_be_reached_is_told(world: World, into: Path) -> None:
    world.wires.port = None
    error = world.refuses(into, f"No connection to {HOST}")
    assert "Proxies are not used" in error.next_step


DOWNLOAD = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
from test_fetching import HOST, PUBLIC, REPORT, FetchLimits, Fetcher, Recorder, Wiring
wiring = Wiring(lambda host: [PUBLIC], Recorder({port}))
Fetcher(FetchLimits(pause=0), wiring=wiring).fetch(REPORT, Path({into!r}), "sefton-2022")
"""


def test_killed_in_the_middle_there_is_no_half_report(world: World, into: Path) -> None:
    written = threading.Event()

    def act(visit: Visit) -> None:
        visit.head(Content_Type="application/pdf", Content_Length="90000")
        visit.wfile.write(PDF)
        written.set()
        visit.server.over.wait(20)

    world.site.routes["/report"] = act
    code = DOWNLOAD.format(tests=str(Path(__file__).parent), port=world.wires.port, into=str(into))
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as fetching:
        assert written.wait(30)
        while not list(into.glob(".*.part")):
            assert fetching.poll() is None
        fetching.kill()
    assert fetching.returncode == -signal.SIGKILL
    assert held(into, "sefton-2022") is None
    assert [path.suffix for path in into.iterdir()] == [".part"]


# --- manners ------------------------------------------------------------------------------


def test_robots_txt_is_asked_once_for_each_host_and_obeyed(world: World, into: Path) -> None:
    world.site.routes |= {
        "/robots.txt": sends(b"User-agent: *\nDisallow: /private/\n"),
        "/report": sends(PDF, "application/pdf"),
        "/moved": leads("/private/report"),
    }
    fetcher = Fetcher(LIMITS, wiring=world.wiring)
    fetcher.fetch(REPORT, into, "one")
    for path in ("/private/report", "/moved"):
        with pytest.raises(FetchError, match="asks programs not to fetch /private/report"):
            fetcher.fetch(f"https://{HOST}{path}", into, "two")
    assert world.site.asked == [f"{HOST}/robots.txt", f"{HOST}/report", f"{HOST}/moved"]


def test_robots_txt_of_a_site_that_a_redirect_leads_to_is_obeyed(world: World, into: Path) -> None:
    world.site.routes["/report"] = leads(f"https://{OTHER}/report")
    world.site.routes[f"{OTHER}/robots.txt"] = sends(b"\xef\xbb\xbfUser-agent: *\nDisallow: /")
    world.refuses(into, f"{OTHER} asks programs not to fetch")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_without_a_robots_txt_everything_may_be_fetched(
    world: World, into: Path, status: int
) -> None:
    world.site.routes["/robots.txt"] = sends(b"User-agent: *\nDisallow: /", status=status)
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    world.fetch(into)


@pytest.mark.parametrize("status", [204, 429, 500, 503])
def test_with_a_robots_txt_that_cannot_be_read_nothing_is_fetched(
    world: World, into: Path, status: int
) -> None:
    world.site.routes["/robots.txt"] = sends(b"", status=status)
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    error = world.refuses(into, rf"\({status}\)")
    assert "Try again later" in error.next_step
    assert world.site.asked == [f"{HOST}/robots.txt"]


def test_of_a_huge_robots_txt_the_start_is_read(world: World, into: Path) -> None:
    text = b"User-agent: *\nDisallow: /report\n" + b"#" * 10**6
    world.site.routes["/robots.txt"] = sends(text)
    world.refuses(into, "asks programs not to fetch")


def test_a_redirected_robots_txt_is_read_where_it_is(world: World, into: Path) -> None:
    world.site.routes[f"{HOST}/robots.txt"] = leads(f"https://{OTHER}/robots.txt")
    world.site.routes[f"{OTHER}/robots.txt"] = sends(b"User-agent: *\nDisallow: /")
    world.refuses(into, f"{HOST} asks programs not to fetch")


def test_requests_to_one_host_are_a_pause_apart_and_those_to_others_are_not(
    world: World, into: Path
) -> None:
    world.site.routes["/report"] = leads(f"https://{OTHER}/real")
    world.site.routes["/real"] = sends(PDF, "application/pdf")
    world.fetch(into, limits=FetchLimits(pause=7))
    assert len(world.waited) == 2, "robots.txt and page, on each of two hosts"
    assert all(6 < seconds <= 7 for seconds in world.waited)


def test_the_delay_of_robots_txt_is_kept_within_reason(world: World, into: Path) -> None:
    world.site.routes["/robots.txt"] = sends(b"User-agent: *\nCrawl-delay: 86400")
    world.site.routes["/report"] = sends(PDF, "application/pdf")
    world.fetch(into)
    assert len(world.waited) == 1
    assert 29 < world.waited[0] <= 30


def busy(times: int, status: int, **headers: str) -> Act:
    """Busy so often, then there."""
    left = [sends(b"", status=status, **headers)] * times

    def act(visit: Visit) -> None:
        (left.pop() if left else sends(PDF, "application/pdf"))(visit)

    return act


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_site_is_waited_for_as_long_as_it_asks(
    world: World, into: Path, status: int
) -> None:
    world.site.routes["/report"] = busy(2, status, Retry_After="7")
    world.fetch(into)
    assert world.waited == [7, 7]


def test_waits_are_not_counted_as_fetching(world: World, into: Path) -> None:
    deadline = Deadline(5)
    deadline.extend(60)
    assert deadline.within(None) > 60


@pytest.mark.parametrize(
    ("times", "headers"),
    [(3, {"Retry_After": "7"}), (1, {"Retry_After": "61"}), (1, {}), (1, {"Retry_After": "soon"})],
)
def test_a_site_that_stays_busy_or_asks_too_much_is_left_alone(
    world: World, into: Path, times: int, headers: dict[str, str]
) -> None:
    world.site.routes["/report"] = busy(times, 503, **headers)
    error = world.refuses(into, "is busy")
    assert error.next_step == "Try again later."
    assert len(world.waited) == (2 if times == 3 else 0)


def test_a_wait_may_be_asked_for_as_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    seconds = _seconds(format_datetime(soon, usegmt=True))
    assert seconds is not None
    assert 27 < seconds <= 30
    assert _seconds("Mon, 01 Jan 2001 00:00:00 GMT") == 0


@given(st.text() | st.integers().map(str) | st.datetimes().map(format_datetime))
@example("Mon, 01 Jan 2001 00:00:00 +9999999999")
@example("Mon, 01 Jan 99999 00:00:00 GMT")
def test_any_wait_is_understood_or_not(text: str) -> None:
    seconds = _seconds(text)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, "nothing at"),
        (410, "nothing at"),
        (403, "may not be fetched by a program"),
        (500, "status 500"),
        (206, "status 206"),
        (304, "status 304"),
    ],
)
def test_a_page_that_is_not_there_is_told(world: World, into: Path, status: int, why: str) -> None:
    world.site.routes["/report"] = sends(b"", status=status)
    world.refuses(into, why)


def test_a_redirect_to_nowhere_is_told(world: World, into: Path) -> None:
    world.site.routes["/report"] = sends(b"", status=302)
    world.refuses(into, "redirects to nowhere")


# --- what is wanted -----------------------------------------------------------------------


def test_the_reports_of_the_briefs_are_listed_with_their_ids_as_full_reports() -> None:
    wanted = listed(CORPUS)
    assert tuple(report.id for report in wanted) == FIVE
    assert {report.metadata.form for report in wanted} == {"full"}
    assert [report.metadata.id for report in wanted] == list(FIVE)
    assert all(report.metadata.council for report in wanted)
    known = {report.id for report in wanted if report.address is not None}
    assert known == {"sefton-2022", "somerset-2024", "southend-2023"}
    for report in wanted:
        assert report.address is None or address_of(report.address)


def test_full_reports_and_other_files_are_not_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nform: brief\nsource: https://a.uk/\n---\nText.")
    (tmp_path / "b.md").write_text("---\nsource: https://b.uk/\n---\nText.")
    (tmp_path / "c.md").write_text("Text.")
    (tmp_path / "d.txt").write_text("Text.")
    assert [(report.id, report.address) for report in listed(tmp_path)] == [("a", "https://a.uk/")]


def test_a_folder_that_is_not_there_and_a_brief_that_cannot_be_read_are_told(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match="no folder"):
        listed(tmp_path / "absent")
    (tmp_path / "a.md").write_text("---\ndate: soon\n---\nText.")
    with pytest.raises(RagError, match=r"a\.md: The date 'soon'"):
        listed(tmp_path)


def test_fetched_reports_take_the_place_of_their_briefs_and_others_keep_theirs(
    world: World, tmp_path: Path
) -> None:
    briefs = tmp_path / "briefs"
    briefs.mkdir()
    for name, path in (("one", "/one"), ("two", "/two"), ("three", "")):
        source = f"source: https://{HOST}{path}\n" if path else ""
        (briefs / f"{name}.md").write_text(
            f"---\nid: {name}\ncouncil: {name.capitalize()} Council\ndate: 2022-05\n{source}"
            f"title: A review\nform: brief\n---\n\n# A review\n\n## Strengths\n\n(1) Short.\n",
            encoding="utf-8",
        )
    page = b"<!DOCTYPE html><html><body><h1>A review</h1><p>Carers are heard.</p></body></html>"
    world.site.routes["/one"] = sends(page, content_type="text/html")
    into = tmp_path / "reports"
    fetcher = Fetcher(LIMITS, wiring=world.wiring)
    found = {name: (what, path) for name, what, path in fetch_all(briefs, into, fetcher)}
    assert found["one"] == ("fetched, 0 KiB", into / "one.html")
    assert "404" in found["two"][0]
    assert found["three"] == ("no address is known", None)
    with Assistant.open(tmp_path / "index", create=True) as shelf:
        shelf.add(briefs)
        assert [o.outcome for o in shelf.add(into)] == ["replaced"]
        forms = {info.report: (info.form, info.council) for info in shelf.reports()}
    assert forms == {
        "one": ("full", "One Council"),
        "two": ("brief", "Two Council"),
        "three": ("brief", "Three Council"),
    }
    again = {name: what for name, what, _ in fetch_all(briefs, into, fetcher)}
    assert again["one"].startswith("there already")
