"""Laws of the gate, on a small application that tells what reached it."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from rag.gate.arrivals import local
from rag.gate.asgi import Message, Receive, Scope, Send
from rag.gate.bodies import named_body
from rag.gate.gate import Gate, Limits, visitor_of
from rag.gate.policy import is_refused
from rag.gate.rates import Window
from rag.passwords import PasswordFile

ANN, BOB = ("ann", "correct horse battery"), ("bob", "tea at half past four")
HERE = "http://127.0.0.1"
Result = TypeVar("Result")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Inner:
    """An application that keeps what reached it and answers by its path."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.scopes.append(scope)
        self.bodies.append(body)
        kind = "text/html; charset=utf-8" if scope["path"] in PAGES else "application/json"
        status = 400 if scope["path"].endswith("/broken") else 200
        headers = [
            (b"content-type", kind.encode()),
            (b"server", b"inner/1.0"),
            (b"access-control-allow-origin", b"*"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        text = PAGES.get(scope["path"], json.dumps(visitor_of(scope).user))
        await send({"type": "http.response.body", "body": text.encode()})


PAGES = {
    "/": "<html><head><title>t</title></head><body><script>run()</script></body></html>",
    "/read/a": "<html><head><style>p { margin: 0 }</style></head><body><p>Words.</p></body></html>",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a password file with two users; hashing takes its time."""
    file = PasswordFile.open(tmp_path_factory.mktemp("users") / "users", create=True)
    for user, password in (ANN, BOB):
        file.set(user, password)
    return file.path.read_text("utf-8")


@pytest.fixture
def passwords(tmp_path: Path, written: str) -> PasswordFile:
    (tmp_path / "users").write_text(written, "utf-8")
    return PasswordFile(tmp_path / "users")


def visit(gate: Gate, host: str = HERE, address: str = "127.0.0.1") -> TestClient:
    """A browser of its own."""
    return TestClient(gate, base_url=host, follow_redirects=False, client=(address, 5000))


@pytest.fixture
def open_gate(inner: Inner, clock: Clock) -> Gate:
    return Gate(inner, passwords=None, hosts=None, clock=clock)


@pytest.fixture
def gate(inner: Inner, clock: Clock, passwords: PasswordFile) -> Gate:
    return Gate(inner, passwords=passwords, hosts=None, clock=clock)


def log_in(browser: TestClient, who: tuple[str, str] = ANN, then: str = "/") -> Any:
    return browser.post("/login", data={"user": who[0], "password": who[1], "next": then})


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# Hosts and sites


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:7860", 200),
        ("localhost:7860", 200),
        ("LOCALHOST", 200),
        ("[::1]:7860", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:7860", 421),
        ("localhost.", 421),
        ("user@localhost", 400),
        ("localhost:7860/x", 400),
        ("", 400),
    ],
)
def test_without_passwords_only_this_machine_s_names_are_answered(
    open_gate: Gate, inner: Inner, host: str, status: int
) -> None:
    assert visit(open_gate).get("/api/reports", headers={"Host": host}).status_code == status
    assert len(inner.scopes) == (status == 200)


@pytest.mark.parametrize(
    ("host", "status"), [("rag.example", 200), ("RAG.example:8443", 200), ("localhost", 421)]
)
def test_where_hosts_are_given_only_they_are_answered(
    inner: Inner, passwords: PasswordFile, host: str, status: int
) -> None:
    gate = Gate(inner, passwords=passwords, hosts=["Rag.example"])
    headers = {"Host": host, **basic(*ANN)}
    assert visit(gate).get("/api/reports", headers=headers).status_code == status


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:3000", "http://localhost", "http://[", "x"],
)
def test_nothing_is_done_for_the_script_of_another_site(
    open_gate: Gate, inner: Inner, method: str, origin: str
) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = visit(open_gate).request(method, "/api/reports", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert inner.scopes == []


@pytest.mark.parametrize(
    ("method", "site", "mode", "dest", "status"),
    [
        ("POST", "same-origin", "cors", "empty", 200),
        ("POST", "none", "navigate", "document", 200),
        ("POST", "same-site", "cors", "empty", 403),
        ("POST", "cross-site", "navigate", "document", 403),
        ("GET", "cross-site", "navigate", "document", 200),
        ("GET", "cross-site", "navigate", "iframe", 403),
        ("GET", "cross-site", "no-cors", "image", 403),
        ("GET", "same-site", "cors", "empty", 403),
        ("GET", "same-origin", "cors", "empty", 200),
    ],
)
def test_of_another_site_only_a_link_is_followed(
    open_gate: Gate, method: str, site: str, mode: str, dest: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    headers["Origin"] = HERE if method == "POST" else ""
    headers = {name: value for name, value in headers.items() if value}
    assert visit(open_gate).request(method, "/read/a", headers=headers).status_code == status


def test_a_link_from_elsewhere_comes_again_and_leaves_the_browser_s_cookie_alone(
    open_gate: Gate, inner: Inner
) -> None:
    browser = visit(open_gate)
    followed = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    answer = browser.get("/read/a", headers=followed)
    assert 'http-equiv="refresh"' in answer.text
    assert "set-cookie" not in answer.headers
    assert inner.scopes == []
    assert (
        browser.get("/read/a", headers={"Sec-Fetch-Site": "same-origin"}).text == PAGES["/read/a"]
    )


# Bodies


def test_more_than_is_allowed_is_refused_unread_and_as_much_is_taken(
    open_gate: Gate, inner: Inner
) -> None:
    browser, most = visit(open_gate), Limits().largest_other_body
    assert browser.post("/api/ask", content=b"x" * (most + 1)).status_code == 413
    assert inner.scopes == []
    assert browser.post("/api/ask", content=b"x" * most).status_code == 200
    assert len(inner.bodies[0]) == most


@pytest.mark.parametrize("path", ["/api/ask", "/api/broken", "/gradio_api/queue/join", "/login"])
def test_what_is_sent_in_pieces_is_counted_as_it_comes(
    open_gate: Gate, inner: Inner, path: str
) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b"x" * 10_000

    assert visit(open_gate).post(path, content=pieces()).status_code == 413
    assert sum(map(len, inner.bodies)) <= Limits().largest_other_body


def test_an_upload_may_be_larger_up_to_its_own_limit(inner: Inner) -> None:
    gate = Gate(
        inner, passwords=None, hosts=None, limits=Limits(largest_body=2000, largest_other_body=1000)
    )
    browser = visit(gate)
    assert browser.post("/gradio_api/upload", content=b"x" * 2000).status_code == 200
    assert browser.post("/gradio_api/upload", content=b"x" * 2001).status_code == 413


def test_what_the_application_raises_is_not_hidden(inner: Inner) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("inside")

    with pytest.raises(LookupError, match="inside"):
        visit(Gate(failing, passwords=None, hosts=None)).get("/api/reports")


# Logging in


def test_a_browser_is_led_to_the_form_and_back_to_where_it_wanted(gate: Gate, inner: Inner) -> None:
    browser = visit(gate)
    asked = browser.get("/read/a?start=1&of=b%20c", headers={"Accept": "text/html"})
    assert asked.status_code == 303
    form = browser.get(asked.headers["location"])
    assert '<label for="password">' in form.text
    then = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    assert f'value="{then}"'.replace("&", "&amp;") in form.text
    answer = log_in(browser, then=then)
    assert (answer.status_code, answer.headers["location"]) == (303, "/read/a?start=1&of=b%20c")
    assert inner.scopes == []


@pytest.mark.parametrize(
    "path", ["/api/ask", "/mcp", "/gradio_api/queue/join", "/read/a", "/assets/x.js"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_is_given_to_those_who_are_not_logged_in(
    gate: Gate, inner: Inner, path: str, method: str
) -> None:
    answer = visit(gate).request(method, path, content=b"{}" if method == "POST" else None)
    assert answer.status_code == 401
    assert ("www-authenticate" in answer.headers) == (path in ("/api/ask", "/mcp"))
    if path.startswith(("/api/", "/mcp", "/gradio_api/")):
        assert set(answer.json()) == {"error", "next"}
    assert inner.scopes == []


def test_who_has_logged_in_is_known_behind_the_gate_and_the_token_is_not(
    gate: Gate, inner: Inner
) -> None:
    browser = visit(gate)
    cookie = log_in(browser).headers["set-cookie"]
    token = cookie.removeprefix("rag_session=").partition(";")[0]
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "HttpOnly",
        "Path=/",
        "SameSite=strict",
    }
    assert len(token) == 43
    assert browser.get("/api/reports").status_code == 200
    visitor = visitor_of(inner.scopes[0])
    assert visitor.user == "ann"
    assert token not in repr(inner.scopes[0]["headers"]) + visitor.session


def test_behind_https_the_cookie_is_for_https_only_and_addresses_say_so(
    inner: Inner, passwords: PasswordFile
) -> None:
    gate = Gate(inner, passwords=passwords, hosts=None, https=True)
    assert "Secure" in log_in(visit(gate)).headers["set-cookie"]
    visit(gate).get("/api/reports", headers=basic(*ANN))
    assert inner.scopes[0]["scheme"] == "https"


@pytest.mark.parametrize("who", [("ann", BOB[1]), ("nobody", ANN[1]), ("", ""), ("Ann", ANN[1])])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(gate: Gate, who: tuple[str, str]) -> None:
    answer = log_in(visit(gate), who)
    assert answer.status_code == 403
    assert 'role="alert" id="wrong">The name or the password is not right.<' in answer.text
    assert "set-cookie" not in answer.headers
    assert who[1] == "" or who[1] not in answer.text


def test_what_was_typed_as_a_name_is_shown_as_text(gate: Gate) -> None:
    answer = log_in(visit(gate), ('"><script>x</script>', "a"))
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: x=y",
    ],
)
def test_logging_in_leads_nowhere_else(gate: Gate, then: str) -> None:
    answer = log_in(visit(gate), then=then)
    assert answer.headers["location"] == "/"
    assert answer.headers.get_list("set-cookie") == [answer.headers["set-cookie"]]


def test_who_is_logged_in_already_is_led_nowhere_else(gate: Gate, open_gate: Gate) -> None:
    known = visit(gate)
    log_in(known)
    for browser in (known, visit(open_gate)):
        for then, where in (("//evil.example", "/"), ("/read/a", "/read/a")):
            answer = browser.get("/login", params={"next": then})
            assert (answer.status_code, answer.headers["location"]) == (303, where)


@given(st.text(st.sampled_from("/\\.:@?#%a\t\n\r e"), max_size=12))
def test_an_address_to_go_on_to_is_always_of_this_host(then: str) -> None:
    assert urlsplit(urljoin("http://here.example/login", local(then))).netloc == "here.example"


def test_a_token_that_somebody_brings_along_is_never_taken(gate: Gate) -> None:
    browser = visit(gate)
    browser.cookies.set("rag_session", "A" * 43)
    assert browser.get("/api/reports").status_code == 401
    first = log_in(browser).cookies["rag_session"]
    second = log_in(browser).cookies["rag_session"]
    assert len({"A" * 43, first, second}) == 3
    other = visit(gate)
    for token, status in ((first, 401), (second, 200)):
        other.cookies.set("rag_session", token)
        assert other.get("/api/reports").status_code == status


def test_who_logs_out_is_out_everywhere_with_this_token(gate: Gate) -> None:
    browser, copy = visit(gate), visit(gate)
    copy.cookies.set("rag_session", log_in(browser).cookies["rag_session"])
    assert browser.get("/logout").status_code == 405
    answer = browser.post("/logout")
    assert answer.headers["location"] == "/login"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert copy.get("/api/reports").status_code == 401


def test_a_session_ends_after_twelve_idle_hours_and_after_seven_days(
    gate: Gate, clock: Clock
) -> None:
    browser = visit(gate)
    log_in(browser)
    for _ in range(14):
        clock.now += 11.9 * 3600
        assert browser.get("/api/reports").status_code == 200
    clock.now += 2 * 3600
    assert browser.get("/api/reports").status_code == 401
    log_in(browser)
    clock.now += 12.1 * 3600
    assert browser.get("/api/reports").status_code == 401


@pytest.mark.parametrize("by", ["session", "program"])
@pytest.mark.parametrize("change", ["removed", "another password"])
def test_who_is_taken_off_the_file_is_out_at_once(
    gate: Gate, passwords: PasswordFile, by: str, change: str
) -> None:
    browser = visit(gate)
    headers = basic(*ANN) if by == "program" else {}
    if by == "session":
        log_in(browser)
    assert browser.get("/api/reports", headers=headers).status_code == 200
    if change == "removed":
        PasswordFile(passwords.path).remove("ann")
    else:
        PasswordFile(passwords.path).set("ann", "quite another password")
    assert browser.get("/api/reports", headers=headers).status_code == 401


def test_a_password_file_that_goes_bad_lets_nobody_in(gate: Gate, passwords: PasswordFile) -> None:
    browser = visit(gate)
    log_in(browser)
    passwords.path.write_text("ann:secret", "utf-8")
    answer = browser.get("/api/reports")
    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert log_in(visit(gate)).status_code == 503


def test_five_wrong_passwords_a_minute_and_then_not_even_the_right_one(
    gate: Gate, clock: Clock
) -> None:
    browser = visit(gate)
    for _ in range(5):
        assert log_in(browser, ("ann", "wrong")).status_code == 403
    refused = log_in(browser)
    assert refused.status_code == 429
    assert 'role="alert"' in refused.text
    for _ in range(6):
        assert log_in(visit(gate, address="127.0.0.2")).status_code == 429, "of this user, anywhere"
    assert log_in(browser, BOB).status_code == 429, "of this address, anybody"
    assert log_in(visit(gate, address="127.0.0.2"), BOB).status_code == 303
    clock.now += float(refused.headers["retry-after"])
    assert log_in(browser).status_code == 303


def test_right_passwords_are_not_counted(gate: Gate) -> None:
    browser = visit(gate)
    assert [log_in(browser).status_code for _ in range(7)] == [303] * 7


def test_wrong_passwords_of_programs_are_counted_too(gate: Gate) -> None:
    program = visit(gate)
    codes = [
        program.get("/api/reports", headers=basic("ann", "wrong")).status_code for _ in range(7)
    ]
    assert codes == [401] * 5 + [429] * 2


def test_addresses_of_one_ipv6_network_count_as_one(gate: Gate) -> None:
    for last in range(5):
        log_in(visit(gate, address=f"2001:db8::{last}"), ("nobody", "wrong"))
    assert log_in(visit(gate, address="2001:db8::ffff:1")).status_code == 429
    assert log_in(visit(gate, address="2001:db8:0:1::1")).status_code == 303


def test_programs_log_in_with_each_call_and_are_checked_once_a_minute(
    gate: Gate, clock: Clock, passwords: PasswordFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    check = passwords.check

    def counted(user: str, password: str) -> bool:
        checked.append(user)
        return check(user, password)

    monkeypatch.setattr(passwords, "check", counted)
    program = visit(gate)
    for seconds in (0, 30, 29, 2):
        clock.now += seconds
        assert program.post("/api/ask", headers=basic(*ANN), content=b"{}").json() == "ann"
    assert checked == ["ann", "ann"]
    assert program.get("/read/a", headers=basic(*ANN)).status_code == 401
    assert program.post("/gradio_api/queue/join", headers=basic(*ANN)).status_code == 401


@pytest.mark.parametrize("header", ["Bearer x", "Basic", "Basic !!", "Basic YQ==", "Basic /w=="])
def test_other_ways_to_log_in_are_refused(gate: Gate, header: str) -> None:
    answer = visit(gate).get("/api/reports", headers={"Authorization": header})
    assert answer.status_code == 401


def test_others_are_answered_while_a_password_is_checked(
    inner: Inner, passwords: PasswordFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answered = threading.Event(), threading.Event()

    def slow(user: str, password: str) -> bool:
        begun.set()
        return answered.wait(20)

    gate = Gate(inner, passwords=passwords, hosts=None)
    program = visit(gate)
    assert program.get("/api/reports", headers=basic(*BOB)).status_code == 200
    monkeypatch.setattr(passwords, "check", slow)

    async def both() -> list[int]:
        form = b"user=ann&password=x"
        slow_one = asyncio.create_task(statuses(gate, "POST", "/login", form))
        while not begun.is_set():
            await asyncio.sleep(0)
        quick = await statuses(gate, "GET", "/api/reports", headers=basic(*BOB))
        answered.set()
        return quick + await slow_one

    assert finished(both()) == [200, 303]


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine gives, on a loop of its own; the browser of other tests keeps one here."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()


async def statuses(
    gate: Gate, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> list[int]:
    """The statuses of one request, sent without a client between."""
    told: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    await gate(asked(method, path, headers), receive, send)
    return told


def asked(method: str, path: str, headers: dict[str, str] | None = None) -> Scope:
    given = {"host": "127.0.0.1", **(headers or {})}
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }


# Visitors


def test_where_nobody_logs_in_each_browser_is_a_visitor_of_its_own(
    open_gate: Gate, inner: Inner
) -> None:
    one, other = visit(open_gate), visit(open_gate)
    for browser in (one, one, other):
        browser.get("/")
    first, again, second = (visitor_of(scope).session for scope in inner.scopes)
    assert first == again != second
    assert visitor_of(inner.scopes[0]).user == ""


def test_files_that_are_the_same_for_everybody_set_no_cookie(open_gate: Gate) -> None:
    assert "set-cookie" not in visit(open_gate).get("/assets/a.js").headers


def test_secrets_and_claims_of_another_address_do_not_get_through(
    open_gate: Gate, inner: Inner
) -> None:
    headers = {
        "Cookie": "a=b",
        "Authorization": "Bearer c",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Gradio-Server": "http://evil.example",
        "Forwarded": "host=evil.example",
        "Accept-Language": "en-GB",
    }
    visit(open_gate).get("/api/reports", headers=headers)
    names = {name.decode() for name, _ in inner.scopes[0]["headers"]}
    assert names & {name.lower() for name in headers} == {"accept-language"}


# Rates


def test_requests_and_questions_are_counted_for_each_user_by_the_minute(
    inner: Inner, passwords: PasswordFile, clock: Clock
) -> None:
    limits = Limits(questions_per_minute=2, requests_per_minute=4)
    gate = Gate(inner, passwords=passwords, hosts=None, clock=clock, limits=limits)
    ann, bob = visit(gate), visit(gate)

    def ask(who: tuple[str, str], browser: TestClient) -> Any:
        clock.now += 1
        return browser.post("/api/ask", headers=basic(*who), content=b"{}")

    assert [ask(ANN, ann).status_code for _ in range(2)] == [200, 200]
    refused = ask(ANN, ann)
    assert refused.status_code == 429
    assert refused.json()["next"] == "Try again in 58 seconds."
    assert refused.headers["retry-after"] == "58"
    assert ask(BOB, bob).status_code == 200
    assert ann.get("/api/reports", headers=basic(*ANN)).status_code == 200
    assert ann.get("/api/reports", headers=basic(*ANN)).status_code == 429
    clock.now += 60
    assert ask(ANN, ann).status_code == 200


def test_files_that_are_the_same_for_everybody_are_not_counted(inner: Inner) -> None:
    gate = Gate(inner, passwords=None, hosts=None, limits=Limits(requests_per_minute=2))
    browser = visit(gate)
    assert {browser.get("/assets/a.js").status_code for _ in range(20)} == {200}
    assert [browser.get("/").status_code for _ in range(3)] == [200, 200, 429]


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 29, 30, 59, 60]), st.sampled_from("ab"), st.booleans()),
        max_size=40,
    ),
    st.integers(1, 4),
)
def test_in_no_minute_are_there_more_hits_than_allowed(
    calls: list[tuple[int, str, bool]], most: int
) -> None:
    clock = Clock()
    window = Window(most, clock)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for seconds, name, returns in calls:
        clock.now += seconds
        recent = [at for at in taken[name] if at + 60 > clock.now]
        wait = window.hit(name)
        assert (wait == 0) == (len(recent) < most)
        if wait == 0:
            taken[name].append(clock.now)
            if returns:
                window.give_back(name)
                taken[name].pop()
        else:
            assert wait == recent[-most] + 60 - clock.now


def test_names_that_were_idle_longest_are_forgotten() -> None:
    window = Window(1, Clock())
    assert window.hit("first") == 0
    assert window.hit("first") > 0
    for number in range(10_000):
        window.hit(str(number))
    assert window.hit("first") == 0


# Answers


def test_every_answer_tells_the_browser_what_to_refuse(gate: Gate, open_gate: Gate) -> None:
    answers = [
        visit(open_gate).get("/"),
        visit(open_gate).get("/read/a"),
        visit(open_gate).get("/api/reports"),
        visit(open_gate).get("/api/broken"),
        visit(open_gate).get("/config"),
        visit(open_gate).get("/", headers={"Host": "evil.example"}),
        visit(open_gate).post("/api/ask", content=b"x" * 300_000),
        visit(gate).get("/login"),
        visit(gate).get("/", headers={"Accept": "text/html"}),
        visit(gate).post("/api/ask"),
    ]
    assert [a.status_code for a in answers] == [200, 200, 200, 400, 404, 421, 413, 200, 303, 401]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        allowed = answer.headers["content-security-policy"]
        assert "default-src 'none'" in allowed
        assert "frame-ancestors 'none'" in allowed
        assert "unsafe-eval" not in allowed
        assert "http:" not in allowed
        assert "*" not in allowed
        assert not {"server", "access-control-allow-origin"} & set(answer.headers)
    assert "cache-control" not in visit(open_gate).get("/assets/a.js").headers


def test_scripts_run_on_the_page_by_a_nonce_that_is_never_the_same(open_gate: Gate) -> None:
    nonces = set()
    for _ in range(3):
        answer = visit(open_gate).get("/")
        source = directive(answer.headers["content-security-policy"], "script-src")
        assert source[0] == "'self'"
        assert source[1].startswith("'nonce-")
        nonce = source[1][7:-1]
        assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}"') == 2
        assert int(answer.headers["content-length"]) == len(answer.content)
        nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize("path", ["/read/a", "/login"])
def test_pages_of_ours_run_no_script_but_files_and_no_style_but_their_own(
    gate: Gate, open_gate: Gate, path: str
) -> None:
    answer = visit(gate if path == "/login" else open_gate).get(path)
    allowed = answer.headers["content-security-policy"]
    assert "unsafe" not in allowed
    assert "nonce" not in allowed
    assert directive(allowed, "script-src") == ["'self'"]
    assert [part[:8] for part in directive(allowed, "style-src")] == ["'self'", "'sha256-"]


def directive(policy: str, name: str) -> list[str]:
    found = [part.split() for part in policy.split(";") if part.split()[0] == name]
    return found[0][1:]


def test_a_stream_is_passed_on_piece_by_piece_also_under_a_limit() -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(3):
            piece = f"data: {number}\n\n".encode()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            assert received[-1] == piece, "the piece arrived before the next was made"

    received: list[bytes] = []

    async def run() -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            received.append(message.get("body", b""))

        await Gate(inner, passwords=None, hosts=None)(asked("GET", "/api/reports"), receive, send)

    finished(run())
    assert len(received) == 4


def test_a_visitor_who_leaves_is_no_error() -> None:
    from starlette.requests import Request

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    async def run() -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            raise AssertionError("there is nobody to answer")

        await Gate(inner, passwords=None, hosts=None)(asked("POST", "/api/ask"), receive, send)

    finished(run())


def test_only_kind_status_and_seconds_are_counted(
    inner: Inner, clock: Clock, passwords: PasswordFile, capfd: pytest.CaptureFixture[str]
) -> None:
    counted: list[tuple[str, int, float]] = []

    def count(kind: str, status: int, seconds: float) -> None:
        counted.append((kind, status, seconds))

    gate = Gate(inner, passwords=passwords, hosts=None, clock=clock, count=count)
    browser = visit(gate)
    log_in(browser)
    browser.post("/api/ask", content=b'{"question": "who was it?"}')
    browser.get("/assets/a.js")
    visit(gate).get("/read/a")
    assert counted == [("page", 303, 0), ("ask", 200, 0), ("file", 200, 0), ("page", 401, 0)]
    assert capfd.readouterr() == ("", "")


def test_websockets_are_refused_and_the_lifespan_passes() -> None:
    reached: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["type"])

    async def run(kind: str) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": f"{kind}.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await Gate(inner, passwords=None, hosts=None)({"type": kind, "path": "/"}, receive, send)
        return sent

    assert finished(run("websocket")) == [{"type": "websocket.close", "code": 1008}]
    assert finished(run("lifespan")) == []
    assert reached == ["lifespan"]


# Gradio's routes and sessions


@pytest.mark.parametrize(
    "path",
    [
        "/config",
        "/config/",
        "/monitoring",
        "/monitoring/summary",
        "/pwa_icon/9999",
        "/gradio_api/",
        "/gradio_api/token",
        "/gradio_api/user",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/deep_link",
        "/gradio_api/runs",
        "/gradio_api/run-history/buckets",
        "/gradio_api/startup-events",
        "/gradio_api/component_server",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-edit/",
        "/gradio_api/call/ask",
        "/gradio_api/api/ask",
        "/gradio_api/stream/x/y/0/playlist.m3u8",
        "/gradio_api/proxy=https://a.hf.space/",
        "/gradio_api/file=https://example.org/a",
        "/gradio_api/file=HTTP://example.org/a",
        "/gradio_api/file= https://example.org/a",
        "/gradio_api/file=file:///etc/hosts",
        "/gradio_api/file=//example.org/share",
        "/gradio_api/file/x",
        "/gradio_api/mcp",
        "/gradio_api/mcp/sse",
    ],
)
def test_what_the_page_does_not_need_is_not_there(open_gate: Gate, inner: Inner, path: str) -> None:
    assert visit(open_gate).get(path).status_code == 404
    assert inner.scopes == []


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=/var/tmp/a/b.docx", "/gradio_api/file=C:/a/b.docx", "/gradio_api/app_id"],
)
def test_what_the_page_needs_is_there(path: str) -> None:
    assert not is_refused(path)


def hashes(inner: Inner) -> list[str]:
    """What reached Gradio as the session's name, wherever it stood."""
    found = []
    for scope, body in zip(inner.scopes, inner.bodies, strict=True):
        query = dict(parse_qsl(scope["query_string"].decode()))
        in_path = scope["path"].rpartition("/")[2]
        in_body = json.loads(body)["session_hash"] if body else None
        found.append(in_body or query.get("session_hash") or in_path)
    inner.scopes.clear()
    inner.bodies.clear()
    return found


def test_the_same_session_name_of_two_visitors_is_two_sessions(
    open_gate: Gate, inner: Inner
) -> None:
    def everywhere(browser: TestClient) -> None:
        told = {"session_hash": "abc", "data": ["é", 1.5, None], "fn_index": 2}
        browser.post("/gradio_api/queue/join", json=told)
        browser.post("/gradio_api/run/x", json=told)
        browser.post("/gradio_api/cancel", json=told)
        browser.get("/gradio_api/queue/data?session_hash=abc")
        browser.get("/gradio_api/heartbeat/abc")

    one, other = visit(open_gate), visit(open_gate)
    one.get("/")
    other.get("/")
    hashes(inner)
    everywhere(one)
    ones = hashes(inner)
    everywhere(other)
    others = hashes(inner)
    assert len(ones) == len(others) == 5
    assert len(set(ones)) == len(set(others)) == 1
    assert len({ones[0], others[0], "abc"}) == 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    ),
    st.text(),
)
def test_naming_a_session_changes_nothing_else(data: object, given_name: str) -> None:
    told = {"data": [data], "session_hash": given_name, "event_data": None}
    renamed = json.loads(named_body(json.dumps(told).encode(), lambda name: f"<{name}>"))
    assert renamed == {**told, "session_hash": f"<{given_name}>"}


def test_a_session_that_is_named_twice_is_still_the_visitor_s_own(
    open_gate: Gate, inner: Inner
) -> None:
    browser = visit(open_gate)
    browser.post("/gradio_api/queue/join", content=b'{"session_hash":"a","session_hash":"b"}')
    assert inner.bodies[0].count(b"session_hash") == 1
    browser.get("/gradio_api/queue/data?session_hash=a&session_hash=b")
    pairs = parse_qsl(inner.scopes[1]["query_string"].decode())
    assert {len(value) for _, value in pairs} == {64}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        b'{"data": [{"path": "https://example.org/a", "meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [[{"a": {"path": " HTTP://example.org/a"}}]]}',
    ],
)
def test_what_the_page_would_not_send_is_refused(
    open_gate: Gate, inner: Inner, body: bytes
) -> None:
    assert visit(open_gate).post("/gradio_api/queue/join", content=body).status_code == 400
    assert inner.scopes == []
