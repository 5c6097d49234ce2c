"""The server answers in batches, refuses in one sentence, keeps its deadline, and stays on this machine."""

import asyncio
import base64
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import SECRET, VERBS, ask, ask_json, endpoint, form, lengths_service, server

from shared.errors import UserError
from shared.serving import connections
from shared.serving.backend import LocalBackend
from shared.serving.running import run_server
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


def encoded(*elements: bytes) -> list[str]:
    return [base64.b64encode(element).decode() for element in elements]


def test_a_raw_body_is_one_item_and_gets_one_answer(url: str) -> None:
    assert ask(f"{url}/predict", b"abc").json == {"length": 3}
    assert ask(f"{url}/read", "äh".encode(), "text/plain").json == {"length": 2}


def test_json_and_forms_hold_several_items(url: str) -> None:
    expected = {"results": [{"length": 3}, {"length": 5}]}
    assert ask_json(f"{url}/predict", {"images": encoded(b"abc", b"12345")}).json == expected
    assert ask_json(f"{url}/read", {"texts": ["abc", "12345"]}).json == expected
    assert ask(f"{url}/predict", *form(("images", b"abc"), ("images", b"12345"))).json == expected
    assert ask(f"{url}/read", *form(("texts", b"abc"), ("texts", b"12345"), files=False)).json == expected


def test_several_elements_can_make_one_item(url: str) -> None:
    found = ask_json(f"{url}/compare", {"images": encoded(b"a", b"bc", b"d", b"e")})
    assert found.json == {"results": [{"length": 3}, {"length": 2}]}
    assert ask_json(f"{url}/compare", {"images": encoded(b"a", b"b", b"c")}).status == 422


def test_fields_stand_beside_the_elements(url: str) -> None:
    assert ask_json(f"{url}/enroll", {"images": encoded(b"a"), "name": "Bo"}).json == {"results": [{"length": 3}]}
    assert ask_json(f"{url}/enroll", {"images": encoded(b"a")}).status == 422
    assert ask(f"{url}/enroll", b"a").status == 415


def test_one_bad_item_never_harms_the_others(url: str) -> None:
    found = ask_json(f"{url}/predict", {"images": [*encoded(b"a", b"bad", b"x" * 13), "not base64"]})
    good, refused, failed, undecodable = found.json["results"]
    assert good == {"length": 1}
    assert refused == {"error": "bad"}
    assert failed == {"error": "an error of the server; its log says more"}
    assert undecodable == {"error": "not base64"}


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


def test_a_text_over_the_limit_is_refused(url: str) -> None:
    found = ask_json(f"{url}/read", {"texts": ["x" * 100, "x" * 101]})
    assert found.json["results"] == [{"length": 100}, {"error": "longer than the 100 characters allowed"}]


def test_halves_of_surrogate_pairs_are_no_text(url: str) -> None:
    assert ask(f"{url}/read", b'{"texts": ["\\ud800"]}', "application/json").json == {
        "results": [{"error": "not UTF-8"}]
    }


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


def raw_connection(url: str) -> socket.socket:
    return socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=20)


def test_head_and_body_of_an_answer_leave_in_one_piece(url: str) -> None:
    with raw_connection(url) as connection:
        for _ in range(5):
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
            head, _, body = connection.recv(10_000).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body == b'{"length": 3}'


class Gone:
    """A connection that the other side has reset."""

    def is_closing(self) -> bool:
        return True

    def write(self, _: bytes) -> None:
        raise RuntimeError("unable to perform operation; the handler is closed")


def test_an_answer_to_who_has_gone_is_dropped() -> None:
    async def answer() -> None:
        connections.Joining(Gone(), asyncio.get_running_loop()).write(b"an answer")  # type: ignore[arg-type]
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
        await asyncio.sleep(0)

    failed: list[object] = []
    asyncio.run(answer())
    assert not failed


def test_a_body_without_an_announced_length_is_read_no_further_than_the_limit(url: str) -> None:
    with raw_connection(url) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            for _ in range(10_000):
                sent += connection.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
        except OSError:
            pass  # the server has closed the connection
        assert sent < 10_000 * 1024
    assert ask(f"{url}/healthz").status == 200


def test_an_announced_length_over_the_limit_is_refused_before_anything_is_sent(url: str) -> None:
    with raw_connection(url) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_requests_that_wait_are_answered_together() -> None:
    sizes, all_wait = [], threading.Event()

    def note(items: list[float]) -> list[dict[str, float]]:
        sizes.append(len(items))
        assert all_wait.wait(10)
        return [{"item": item} for item in items]

    service = Service("sizes", {}, [endpoint("predict", decode=float, predict=note, batch_size=8)])
    with serving(service) as address, ThreadPoolExecutor(11) as pool:
        asked = [pool.submit(ask, f"{address}/predict", b"0")]
        while not sizes:
            time.sleep(0.01)
        asked += [pool.submit(ask, f"{address}/predict", b"%d" % number) for number in range(1, 11)]
        while b"waiting_items 11.0" not in ask(f"{address}/metrics").body:
            time.sleep(0.01)
        all_wait.set()
        assert [found.result().json for found in asked] == [{"item": float(number)} for number in range(11)]
        figures = ask(f"{address}/metrics").body.decode()
    assert sizes == [1, 8, 2]
    assert 'requests_total{path="/predict",status="200"} 11.0' in figures
    assert "batch_size_sum 11.0" in figures


def test_a_full_queue_says_when_to_come_again() -> None:
    with serving(SERVICE, max_waiting=2, max_elements=2) as address, ThreadPoolExecutor(4) as pool:
        found = [pool.submit(ask, f"{address}/wait", b"1.5") for _ in range(4)]
        statuses = sorted(reply.result().status for reply in found)
        refused = next(reply.result() for reply in found if reply.result().status == 429)
        assert statuses == [200, 200, 429, 429]
        assert refused.headers["Retry-After"] == "1"
        assert ask(f"{address}/wait", b"0").status == 200


def test_the_deadline_covers_the_computation_and_the_wait() -> None:
    with serving(SERVICE, deadline=0.3) as address, ThreadPoolExecutor(2) as pool:
        computing = pool.submit(ask, f"{address}/wait", b"0.8")
        time.sleep(0.1)
        waiting = pool.submit(ask, f"{address}/wait", b"0")
        assert computing.result().status == 504
        assert waiting.result().status == 503
        assert waiting.result().headers["Retry-After"] == "1"
        time.sleep(0.6)
        assert ask(f"{address}/wait", b"0").status == 200


def test_a_body_that_trickles_in_ends_with_the_deadline() -> None:
    with serving(SERVICE, deadline=0.3) as address, raw_connection(address) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_headers_that_never_end_close_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    with serving(SERVICE) as address:
        for begun in (b"", b"POST /predict HTTP/1.1\r\nHost: loc"):
            with raw_connection(address) as connection:
                connection.sendall(begun)
                assert connection.recv(100) == b""


@pytest.mark.parametrize("more", [b"x", b"\r\n"])
def test_what_comes_after_an_answer_and_is_no_request_closes_the_connection(
    more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    length = b"Content-Length: 2\r\n" if more == b"x" else b""
    with serving(SERVICE) as address, raw_connection(address) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200 ")
        connection.sendall(more)
        assert connection.recv(100) == b""


def ask_without_reading(connection: socket.socket, item: bytes) -> None:
    for _ in range(2000):
        connection.sendall(100 * item)
        time.sleep(0.005)


def test_who_never_reads_the_answers_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READING_SECONDS", 0.2)
    item = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serving(SERVICE, max_connections=3) as address, raw_connection(address) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            ask_without_reading(connection, item)
        assert ask(f"{address}/healthz").status == 200


def test_as_many_clients_as_allowed_are_served() -> None:
    with serving(SERVICE, max_connections=2) as address, raw_connection(address):
        assert ask(f"{address}/healthz").status == 200
        with raw_connection(address):
            assert ask(f"{address}/healthz").status == 503
    with serving(SERVICE, max_connections=1) as address:
        assert ask(f"{address}/healthz").status == 200


def test_every_answer_has_the_headers_that_keep_browsers_safe() -> None:
    with serving(SERVICE) as address:
        headers = ask(f"{address}/model").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "server" not in headers


def test_a_key_is_asked_for_everywhere_but_health_and_the_page(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\ufeff0123456789abcdef\n", encoding="utf-8")  # as some editors save it
    (tmp_path / "index.html").write_text("<!doctype html>")
    with serving(Service("x", {}, VERBS, tmp_path), api_key_file=tmp_path / "key") as address:
        assert [ask(f"{address}/{path}").status for path in ("", "style.css", "healthz", "readyz")] == [200] * 4
        for path in ("model", "metrics", "openapi.json", "none"):
            assert ask(f"{address}/{path}").status == 401
        assert ask(f"{address}/predict", b"a").headers["WWW-Authenticate"] == "Bearer"
        assert ask(f"{address}/predict", b"a", Authorization="Bearer 0123456789abcdeX").status == 401
        assert ask(f"{address}/predict", b"a", Authorization="Bearer 0123456789abcdef").status == 200


def app_with(settings: ServeConfig) -> None:
    make_app(SERVICE, settings, LocalBackend(SERVICE, settings))


def test_a_key_that_is_short_or_missing_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(UserError, match="the key in .* has 5 characters; use 16 or more"):
        app_with(ServeConfig(api_key_file=tmp_path / "key"))
    with pytest.raises(UserError, match="cannot read serve.api_key_file .*none"):
        app_with(ServeConfig(api_key_file=tmp_path / "none"))


def test_beyond_this_machine_a_key_is_required() -> None:
    settings = ServeConfig(host="0.0.0.0", port=0)
    with pytest.raises(UserError, match=r"0\.0\.0\.0 is reached from other machines, which needs a key"):
        run_server("serving:lengths_service", None, settings)


def test_pages_of_other_sites_cannot_ask(url: str) -> None:
    address = urlsplit(url)
    assert ask(f"{url}/predict", b"abc", Origin="https://example.org").status == 403
    assert ask(f"{url}/predict", b"abc", Origin=f"http://{address.netloc}").status == 200
    assert ask(f"{url}/predict", b"abc", Host="example.org").status == 403
    assert ask(f"{url}/predict", b"abc", Host=f"localhost:{address.port}").status == 200
    assert ask(f"{url}/predict", b"abc", Host="[").status == 403
    assert ask(f"{url}/predict", b"abc", Origin="http://[").status == 403


def test_facts_health_and_interface(url: str) -> None:
    assert ask(f"{url}/model").json == {"labels": ["a"]}
    assert ask(f"{url}/healthz").json == {"status": "ok"}
    assert ask(f"{url}/readyz").json == {"status": "ready"}
    described = ask(f"{url}/openapi.json").json["paths"]
    bodies = described["/predict"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/json", "multipart/form-data", "application/octet-stream"}
    assert bodies["application/json"]["example"] == {"images": ["YQ=="]}
    assert {"200", "413", "422", "429", "503", "504"} <= set(described["/predict"]["post"]["responses"])


def test_every_example_of_the_interface_is_answered(url: str) -> None:
    for path, methods in ask(f"{url}/openapi.json").json["paths"].items():
        if "post" in methods and path != "/wait":
            content = methods["post"]["requestBody"]["content"]["application/json"]["example"]
            assert ask_json(url + path, content).status == 200, path


def test_a_method_that_is_not_there_is_refused(url: str) -> None:
    assert ask(f"{url}/predict").status == 405
    assert ask(f"{url}/none", b"a").status == 404


def test_the_default_address_is_this_machine_alone() -> None:
    assert ServeConfig().host == "127.0.0.1"


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = ServeConfig(port=taken.getsockname()[1])
        with pytest.raises(UserError, match=r"cannot listen at 127\.0\.0\.1:\d+ .*; choose another --serve.port"):
            run_server("serving:lengths_service", None, settings)


def test_sigterm_lets_what_was_asked_be_answered() -> None:
    with server("lengths_service") as started, ThreadPoolExecutor(1) as pool:
        assert started.stdout
        address = started.stdout.readline().split()[1]
        asked = pool.submit(ask, f"{address}/wait", b"4")
        time.sleep(1.5)
        started.send_signal(signal.SIGTERM)
        assert asked.result().json == {"slept": 4.0}
        assert started.wait(timeout=20) == 0
        assert "every request got its response" in started.stdout.read()
