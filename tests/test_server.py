"""The server answers in batches, refuses in one sentence, keeps its deadline, and stays on this machine."""

import asyncio
import base64
import http.client
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from serving import SECRET, VERBS, Reply, address_of, ask, ask_json, endpoint, form, lengths_service, server

from shared.errors import UserError
from shared.serving import connections
from shared.serving.backend import LocalBackend
from shared.serving.running import listen, run_server
from shared.serving.server import make_app
from shared.serving.service import Service
from shared.serving.settings import ServeConfig
from shared.testing.servers import serving

SERVICE = lengths_service()
FORM = form()[1]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(SERVICE, max_body_bytes=5000, max_elements=4, max_text_length=100) as address:
        yield address


def ask_files(url: str, *files: bytes | str) -> Reply:
    """Ask in JSON; a string stands as it is."""
    elements = [base64.b64encode(file).decode() if isinstance(file, bytes) else file for file in files]
    return ask_json(url, {"images": elements})


def test_a_raw_body_is_one_item_and_gets_one_result(url: str) -> None:
    assert ask(f"{url}/predict", b"abc").json == {"length": 3}
    assert ask(f"{url}/read", "äh".encode(), "text/plain").json == {"length": 2}


def test_json_and_forms_hold_several_items(url: str) -> None:
    expected = {"results": [{"length": 3}, {"length": 5}]}
    assert ask_files(f"{url}/predict", b"abc", b"12345").json == expected
    assert ask_json(f"{url}/read", {"texts": ["abc", "12345"]}).json == expected
    assert ask(f"{url}/predict", *form(("images", b"abc"), ("images", b"12345"))).json == expected
    assert ask(f"{url}/read", *form(("texts", b"abc"), ("texts", b"12345"), files=False)).json == expected


def test_an_item_can_have_several_elements_and_fields_beside_them(url: str) -> None:
    assert ask_files(f"{url}/compare", b"a", b"bc", b"d", b"e").json == {"results": [{"length": 3}, {"length": 2}]}
    assert ask_files(f"{url}/compare", b"a", b"b", b"c").status == 422
    assert ask_json(f"{url}/enroll", {"images": ["YQ=="], "name": "Bo"}).json == {"results": [{"length": 3}]}
    assert ask_json(f"{url}/enroll", {"images": ["YQ=="]}).status == 422
    assert ask(f"{url}/enroll", b"a").status == 415


def test_one_bad_item_never_harms_the_others(url: str) -> None:
    assert ask_files(f"{url}/predict", b"a", b"bad", b"x" * 13, "not base64").json["results"] == [
        {"length": 1},
        {"error": "bad"},
        {"error": "an error of the server; its log says more"},
        {"error": "not base64"},
    ]
    texts = {"texts": ["x" * 100, "x" * 101, "\ud800"]}  # half of a surrogate pair is no text
    assert ask_json(f"{url}/read", texts).json["results"] == [
        {"length": 100},
        {"error": "longer than the 100 characters allowed"},
        {"error": "not UTF-8"},
    ]


def test_a_bad_item_alone_is_the_request_that_is_refused(url: str) -> None:
    found = ask(f"{url}/predict", b"bad")
    assert (found.status, found.json) == (422, {"detail": "bad"})
    assert ask(f"{url}/read", b"\xff", "text/plain").status == 422
    assert ask(f"{url}/predict", b"x" * 13).status == 500


@pytest.mark.parametrize(
    ("body", "content_type", "status", "sentence"),
    [
        (b"", "application/json", 400, "the request has no body; send JSON like"),
        (b"{", "application/json", 400, "the body is not valid JSON"),
        (b"[" * 4000, "application/json", 400, "the body is not valid JSON"),
        (b"[]", "application/json", 422, "expected JSON like"),
        (b'{"images": "a"}', "application/json", 422, "expected JSON like"),
        (b'{"images": [1]}', "application/json", 422, "expected JSON like"),
        (b'{"images": []}', "application/json", 422, "send 1 to 4 images at once, not 0"),
        (b'{"images": ["", "", "", "", ""]}', "application/json", 422, "send 1 to 4 images at once, not 5"),
        (b'{"images": [], "url": "x"}', "application/json", 422, "expected JSON like"),
        (b"--b", "multipart/form-data; boundary=c", 400, "Invalid multipart data."),
        (b"--b", "multipart/form-data", 400, "Missing boundary in multipart."),
        (form(("images", b"a"))[0], f"{FORM}; charset=undefined", 400, "the form's character set cannot be used"),
        (*form(("other", b"a")), 422, "expected parts named images"),
        (*form(*[("images", b"a")] * 5), 400, "Maximum number of files is 4."),
        (b"x" * 5001, "application/octet-stream", 413, "the body is larger than the 5,000 bytes allowed"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_one_sentence(
    url: str, body: bytes, content_type: str, status: int, sentence: str
) -> None:
    found = ask(f"{url}/predict", body, content_type)
    assert found.status == status
    assert sentence in found.json["detail"]


TEXT = {"results": [{"length": 3}]}
URLENCODED = "application/x-www-form-urlencoded"  # what curl -d and urllib say of any body


@pytest.mark.parametrize("content_type", ["", URLENCODED, "application/octet-stream", "text/json", "text/plain"])
def test_json_is_json_under_any_name(url: str, content_type: str) -> None:
    assert ask(f"{url}/read", b' {"texts": ["abc"]}', content_type).json == TEXT
    assert ask(f"{url}/predict", b'{"images": ["YWJj"]}', content_type).json == TEXT
    assert ask(f"{url}/enroll", b'{"images": ["YQ=="], "name": "Bo"}', content_type).json == TEXT
    assert ask(f"{url}/read", b'{"texts": []}', content_type).status == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "abc"}', 422),  # another key
        (b'["abc"]', 422),
        (b'{"texts": ["abc"}', 400),
        (b'\xef\xbb\xbf{"texts": ["abc"', 400),
        (b"{texts: [abc]}", 400),  # shells of Windows take the quotes away
        (b"'{texts: [abc]}'", 400),
        (b"{'texts': ['abc']}", 400),  # the text of a dictionary in Python
        (b'{"texts": ["a"]}\n{"texts": ["b"]}', 400),
        (form(("texts", b"abc"), files=False)[0], 415),  # without its boundary
        (b"text=abc", 422),
        (b"texts[]=abc", 422),
        (b"The%20film%20was%20lovely", 422),
        (b"texts=lovely & great", 422),  # what follows & would be lost
        (b"texts=%ff", 400),
        (b"&".join([b"texts=a"] * 5), 400),
    ],
)
def test_json_and_forms_that_are_none_never_become_a_text(url: str, body: bytes, status: int) -> None:
    found = ask(f"{url}/read", body, URLENCODED)
    assert found.status == status
    if "Content-Type: text/plain" in found.json["detail"] and b'"texts":' not in body:  # the advice works
        assert ask(f"{url}/read", body, "text/plain").json == {"length": len(body.decode())}


def test_forms_of_curl_are_forms(url: str) -> None:
    assert ask(f"{url}/read", b"texts=The%20film+%26%20cast&texts=K%C3%A4se", URLENCODED).json == {
        "results": [{"length": 15}, {"length": 4}]
    }
    assert ask(f"{url}/read", "texts=Käse".encode(), "").json == {"results": [{"length": 4}]}  # requests, curl -d
    assert ask(f"{url}/enroll", b"images=YQ%3D%3D&name=Bo", URLENCODED).json == TEXT


def test_raw_bodies_stay_raw(url: str) -> None:
    for body in (b"GIF89a=...", b"BM=", b"{name} was lovely", b"[1] A film", b"100% lovely", b"lovely"):
        assert ask(f"{url}/predict", body, URLENCODED).json == {"length": len(body)}  # curl --data-binary
        if b"=" not in body:
            assert ask(f"{url}/read", body, URLENCODED).json == {"length": len(body)}
    for body in (b'{"a": 1}', b"[1]", b"a=b"):
        assert ask(f"{url}/read", body, "text/plain").json == {"length": len(body)}


def test_no_refusal_repeats_what_was_sent(url: str) -> None:
    secret = SECRET.encode()
    for body, content_type in (
        (b'{"images": ["%s!"]}' % secret, "application/json"),
        (b'{"%s": []}' % secret, "application/json"),
        (secret, "application/json"),
        form((SECRET, secret)),
        (b"x" * 13, "application/octet-stream"),  # the exception behind this one holds it
    ):
        assert secret not in ask(f"{url}/predict", body, content_type).body
    assert secret not in ask(f"{url}/{SECRET}").body


def connect(url: str, *headers: str, body: bytes = b"") -> socket.socket:
    """A connection; with headers, the beginning of a request to `/predict` is sent."""
    connection = socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=20)
    if headers:
        head = ["POST /predict HTTP/1.1", "Host: localhost", *headers]
        connection.sendall("".join(f"{line}\r\n" for line in [*head, ""]).encode() + body)
    return connection


def test_head_and_body_of_a_response_leave_in_one_piece(url: str) -> None:
    for _ in range(5):
        with connect(url, "Content-Length: 3", body=b"abc") as connection:
            head, _, body = connection.recv(10_000).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body == b'{"length": 3}'


def test_a_response_to_a_client_that_has_gone_is_dropped() -> None:
    async def respond() -> None:
        connections.PatientTransport(gone, asyncio.get_running_loop()).write(b"a response")
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
        await asyncio.sleep(0)

    failed: list[object] = []
    gone = Mock(is_closing=lambda: True, write=Mock(side_effect=RuntimeError("the handler is closed")))
    asyncio.run(respond())
    assert not failed


def test_a_client_that_sends_all_before_it_reads_learns_that_it_was_too_much(url: str) -> None:
    for _ in range(3):
        found = ask(f"{url}/predict", b"x" * 20_000_000)
        assert (found.status, found.headers["Connection"]) == (413, "close")


def test_a_body_is_read_no_further_than_the_limit(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LINGER_BYTES", 10_000)
    with connect(url, "Content-Length: 999999999") as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
    with connect(url, "Transfer-Encoding: chunked") as connection:  # its length is not announced
        sent = 0
        try:
            for _ in range(10_000):
                sent += connection.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
        except OSError:
            pass  # the server has closed the connection
        assert sent < 10_000 * 1024
    assert ask(f"{url}/healthz").status == 200


class Gated:
    """A service that computes nothing until it is opened, and the sizes of its batches."""

    def __init__(self, batch_size: int = 1) -> None:
        self.sizes: list[int] = []
        self.opened = threading.Event()
        self.service = Service(
            "gated", {}, [endpoint("predict", decode=float, predict=self.predict, batch_size=batch_size)]
        )

    def predict(self, items: list[float]) -> list[dict[str, float]]:
        self.sizes.append(len(items))
        assert self.opened.wait(10)
        return [{"item": item} for item in items]

    def wait_for_batch(self) -> None:
        while not self.sizes:
            time.sleep(0.01)


def wait_for_items(address: str, count: int) -> None:
    while b"waiting_items %d.0" % count not in ask(f"{address}/metrics").body:
        time.sleep(0.01)


def test_requests_that_wait_are_answered_together() -> None:
    gated = Gated(batch_size=8)
    with serving(gated.service) as address, ThreadPoolExecutor(11) as pool:
        asked = [pool.submit(ask, f"{address}/predict", b"0")]
        gated.wait_for_batch()
        asked += [pool.submit(ask, f"{address}/predict", b"%d" % number) for number in range(1, 11)]
        wait_for_items(address, 11)
        gated.opened.set()
        assert [found.result().json for found in asked] == [{"item": float(number)} for number in range(11)]
        metrics = ask(f"{address}/metrics").body.decode()
    assert gated.sizes == [1, 8, 2]
    assert 'requests_total{path="/predict",status="200"} 11.0' in metrics
    assert "batch_size_sum 11.0" in metrics


def test_a_full_queue_says_when_to_come_again() -> None:
    gated = Gated()
    with serving(gated.service, max_waiting=2, max_elements=2) as address, ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, f"{address}/predict", b"1") for _ in range(2)]
        wait_for_items(address, 2)
        refused = ask(f"{address}/predict", b"1")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        gated.opened.set()
        assert [found.result().status for found in asked] == [200, 200]
        assert ask(f"{address}/predict", b"0").status == 200


def test_the_deadline_covers_the_computation_and_the_wait() -> None:
    gated = Gated()
    with serving(gated.service, deadline=0.3) as address, ThreadPoolExecutor(2) as pool:
        computing = pool.submit(ask, f"{address}/predict", b"0")
        gated.wait_for_batch()
        waiting = ask(f"{address}/predict", b"0")
        assert computing.result().status == 504
        assert (waiting.status, waiting.headers["Retry-After"]) == (503, "1")
        gated.opened.set()
        wait_for_items(address, 0)
        assert ask(f"{address}/predict", b"0").status == 200
        with connect(address, "Content-Length: 100", body=b"x") as connection:  # a body that trickles in
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_silence_within_and_between_requests_closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    with serving(SERVICE) as address:
        for sent in (b"", b"POST /predict HTTP/1.1\r\nHost: loc"):
            with connect(address) as connection:
                connection.sendall(sent)
                assert connection.recv(100) == b""
        for request, more in ((whole + b"Content-Length: 2\r\n\r\n", b"x"), (whole + b"\r\n", b"\r\n")):
            with connect(address) as connection:
                connection.sendall(request)
                assert connection.recv(10_000).startswith(b"HTTP/1.1 200 ")
                connection.sendall(more)
                assert connection.recv(100) == b""


def ask_without_reading(connection: socket.socket, item: bytes) -> None:
    for _ in range(2000):
        connection.sendall(100 * item)
        time.sleep(0.005)


def test_a_client_that_never_reads_the_responses_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READING_SECONDS", 0.2)
    with serving(SERVICE, max_connections=3) as address, connect(address) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            ask_without_reading(connection, b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert ask(f"{address}/healthz").status == 200


def test_as_many_clients_as_allowed_are_served() -> None:
    with serving(SERVICE, max_connections=2) as address, connect(address):
        assert ask(f"{address}/healthz").status == 200
        with connect(address):
            assert ask(f"{address}/healthz").status == 503


def test_every_response_has_the_headers_that_keep_browsers_safe(url: str) -> None:
    headers = ask(f"{url}/model").headers
    safe = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    assert safe.items() <= {name.title(): value for name, value in headers.items()}.items()
    assert "server" not in headers


LOCKED = ("model", "metrics", "openapi.json", "examples.json", "none")


def test_a_key_is_asked_for_everywhere_but_health_and_the_page(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\ufeff0123456789abcdef\n", encoding="utf-8")  # as some editors save it
    (tmp_path / "index.html").write_text("<!doctype html>")
    with serving(Service("x", {}, VERBS, tmp_path, tmp_path), api_key_file=tmp_path / "key") as address:
        assert [ask(f"{address}/{path}").status for path in ("", "style.css", "healthz", "readyz")] == [200] * 4
        assert [ask(f"{address}/{path}").status for path in LOCKED] == [401] * 5
        assert ask(f"{address}/predict", b"a").headers["WWW-Authenticate"] == "Bearer"
        assert ask(f"{address}/predict", b"a", Authorization="Bearer 0123456789abcdeX").status == 401
        for right in ("Bearer 0123456789abcdef", "bearer 0123456789abcdef", "BEARER  0123456789abcdef"):
            assert ask(f"{address}/predict", b"a", Authorization=right).status == 200
        for wrong in ("Basic 0123456789abcdef", "0123456789abcdef", "Bearer", ""):
            assert ask(f"{address}/predict", b"a", Authorization=wrong).status == 401


def test_a_key_that_is_short_or_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    for name, sentence in (("short", "has 5 characters; use 16 or more"), ("none", "cannot read serve.api_key_file")):
        settings = ServeConfig(api_key_file=tmp_path / name)
        with pytest.raises(UserError, match=sentence) as raised:
            make_app(SERVICE, settings, LocalBackend(SERVICE, settings))
        assert str(tmp_path / name) in str(raised.value)


def test_an_address_that_is_open_to_others_or_taken_is_refused() -> None:
    assert ServeConfig().host == "127.0.0.1"
    assert ServeConfig(host="[::1]").host == "::1"
    for host in ("0.0.0.0", "::"):
        with pytest.raises(UserError, match=f"{host} is reached from other machines, which needs a key"):
            run_server("serving:lengths_service", None, ServeConfig(host=host, port=0))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = ServeConfig(port=taken.getsockname()[1])
        with pytest.raises(UserError, match=r"cannot listen at 127\.0\.0\.1:\d+ .*; choose another --serve.port"):
            run_server("serving:lengths_service", None, settings)
    for host in ("192.0.2.1", "2001:db8::1", "nowhere.invalid", "x" * 70):  # of no machine
        with pytest.raises(UserError, match=re.escape(host) + r".*; choose another --serve.host"):
            listen(ServeConfig(host=host))


@pytest.mark.parametrize("host", ["::1", "localhost", "127.0.1.1"])
def test_every_address_of_this_machine_can_be_asked_by_its_own_name(host: str) -> None:
    with server("lengths_service", host=host) as started:
        address = address_of(started)
        assert urlsplit(address).hostname in ("::1", "127.0.0.1", "127.0.1.1")
        assert ask(f"{address}/predict", b"abc").json == {"length": 3}
        assert ask(f"{address}/predict", b"abc", Host="example.org").status == 403


def test_ipv6_for_all_takes_ipv4_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef")
    with listen(ServeConfig(host="::", port=0, api_key_file=tmp_path / "key")) as listener:
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, listener.getsockname()[1])).close()


FRONT = "http://localhost:5173"


@pytest.mark.parametrize("allowed", [403, 200])
def test_other_hosts_and_pages_of_other_sites_cannot_ask_unless_they_are_allowed(allowed: int) -> None:
    names = {"allowed_hosts": ["Api.example.org", "fd00::1"], "allowed_origins": [FRONT]}
    with serving(SERVICE, **names if allowed == 200 else {}) as url:
        place = urlsplit(url)
        for status, headers in (
            (200, {"Origin": f"http://{place.netloc}"}),
            (200, {"Host": f"localhost:{place.port}"}),
            (403, {"Host": "example.org"}),
            (403, {"Host": "["}),
            (403, {"Host": "api.example.org.evil.org"}),
            (403, {"Origin": "https://example.org"}),
            (403, {"Origin": "http://["}),
            (403, {"Origin": "http://localhost:5174"}),
            (403, {"Origin": "https://localhost:5173"}),
            (403, {"Origin": "null"}),
            (403, {"Host": "api.example.org:443", "Origin": "http://api.example.org"}),
            (allowed, {"Host": "api.example.org"}),
            (allowed, {"Host": "API.example.org:8443"}),
            (allowed, {"Host": "[fd00::1]:80"}),
            (allowed, {"Host": "api.example.org:443", "Origin": "https://api.example.org"}),
            (allowed, {"Origin": FRONT}),
        ):
            assert ask(f"{url}/predict", b"abc", **headers).status == status, headers


def test_a_refusal_names_the_setting_that_allows_it(url: str) -> None:
    assert "serve.allowed_hosts" in ask(f"{url}/model", Host="example.org").json["detail"]
    assert "serve.allowed_origins" in ask(f"{url}/model", Origin="http://example.org").json["detail"]
    for setting, value in (
        ("allowed_hosts", "https://example.org"),
        ("allowed_hosts", "example.org:80"),
        ("allowed_hosts", "*"),
        ("allowed_origins", "example.org"),
        ("allowed_origins", "https://example.org/"),
        ("allowed_origins", "*"),
        ("allowed_origins", "null"),
    ):
        with pytest.raises(UserError, match=f"serve.{setting} is .*, but must be"):
            ServeConfig(**{setting: [value]})


def test_browsers_are_told_which_pages_may_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef")
    with serving(SERVICE, allowed_origins=[FRONT], api_key_file=tmp_path / "key") as url:
        asked = {"Origin": FRONT, "Access-Control-Request-Method": "POST"}
        asked["Access-Control-Request-Headers"] = "authorization,content-type"
        told = ask(f"{url}/predict", method="OPTIONS", **asked)  # without the key
        assert (told.status, told.headers["Access-Control-Allow-Origin"]) == (200, FRONT)
        assert told.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
        for status, key in ((200, "Bearer 0123456789abcdef"), (401, "Bearer none")):
            found = ask(f"{url}/predict", b"abc", Origin=FRONT, Authorization=key)
            assert (found.status, found.headers["Access-Control-Allow-Origin"]) == (status, FRONT)
        refused = ask(f"{url}/predict", method="OPTIONS", **asked | {"Origin": "http://other.org"})
        assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (403, None)


def test_probes_need_no_host(url: str) -> None:
    for path, headers, status in (
        ("healthz", "", 200),
        ("readyz", "", 200),
        ("model", "", 200),
        ("healthz", "Host: 10.0.0.7:8000\r\n", 200),
        ("model", "Host: 10.0.0.7:8000\r\n", 403),
        ("model", "Origin: null\r\n", 403),
    ):
        with connect(url) as connection:
            connection.sendall(f"GET /{path} HTTP/1.0\r\n{headers}\r\n".encode())
            assert connection.recv(10_000).startswith(b"HTTP/1.1 %d " % status), (path, headers)


def test_facts_health_and_interface_and_the_heads_of_all_that_can_be_got(url: str) -> None:
    facts = {"model": {"labels": ["a"]}, "healthz": {"status": "ok"}, "readyz": {"status": "ready"}}
    for path in (*facts, "metrics", "openapi.json"):
        got, head = ask(f"{url}/{path}"), ask(f"{url}/{path}", method="HEAD")
        assert (got.status, head.status, head.body) == (200, 200, b"")
        assert path not in facts or got.json == facts[path]
        if path != "metrics":  # it counts itself
            assert head.headers["Content-Length"] == got.headers["Content-Length"]
    for method in ("GET", "HEAD"):
        assert [ask(f"{url}/{path}", method=method).status for path in ("predict", "none")] == [405, 404]
    assert ask(f"{url}/none", b"a").status == 404
    described = ask(f"{url}/openapi.json").json["paths"]
    bodies = described["/predict"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/json", "multipart/form-data", "application/octet-stream"}
    assert {"200", "413", "422", "429", "503", "504"} <= set(described["/predict"]["post"]["responses"])
    for path in ("/predict", "/read", "/compare", "/enroll"):
        example = described[path]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert ask_json(url + path, example).status == 200, path


def test_after_sigterm_open_requests_get_their_responses() -> None:
    with server("lengths_service") as started, ThreadPoolExecutor(1) as pool:
        address = address_of(started)
        asked = pool.submit(ask, f"{address}/wait", b"1.5")
        wait_for_items(address, 1)
        started.send_signal(signal.SIGTERM)
        assert asked.result().json == {"slept": 1.5}
        assert started.wait(timeout=20) == 0
        assert "every request got its response" in started.communicate()[0]


@pytest.mark.parametrize("kept_open", [True, False])
def test_requests_that_come_as_the_server_stops_are_answered_or_not_taken(kept_open: bool) -> None:
    with server("lengths_service") as started, ThreadPoolExecutor(8) as pool:
        address = urlsplit(address_of(started)).netloc
        asking = [pool.submit(ask_until_refused, address, kept_open) for _ in range(8)]
        time.sleep(0.5)
        started.send_signal(signal.SIGTERM)
        for found in asking:
            assert isinstance(found.exception(), ConnectionRefusedError)
        assert "every request got its response" in started.communicate(timeout=20)[0]


def ask_until_refused(address: str, kept_open: bool) -> None:
    connection = http.client.HTTPConnection(address, timeout=20)
    while True:
        connection.request("POST", "/predict", b"abc")
        assert connection.getresponse().read() == b'{"length": 3}'
        if not kept_open:
            connection.close()


def test_a_second_interrupt_ends_requests_and_says_so() -> None:
    with server("lengths_service") as started, ThreadPoolExecutor(1) as pool:
        address = address_of(started)
        asked = pool.submit(ask, f"{address}/wait", b"8")
        wait_for_items(address, 1)
        for _ in range(2):
            os.killpg(started.pid, signal.SIGINT)
            time.sleep(0.3)
        assert (asked.result().status, started.wait(timeout=5)) == (503, 0)
        assert started.communicate()[0] == "WARNING: serve: stopped; requests that got no result: 1.\n"
