"""The files for nginx and Caddy in docs/ship.md work, word for word but for ports and the places of certificates."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import REPOSITORY
from serving import VERBS, Reply

from shared.serving.service import Service
from shared.testing.servers import serving

NAME, KEY = "api.example.org", "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {KEY}"}


def documented(language: str, address: str) -> str:
    """The block in the page, in front of the server at the address."""
    found = re.search(rf"```{language}\n(.*?)```", (REPOSITORY / "docs" / "ship.md").read_text(), re.DOTALL)
    assert found
    assert found[1].count("127.0.0.1:8000") == 1
    return found[1].replace("127.0.0.1:8000", address)


def nginx(folder: Path, address: str, port: int) -> list[str]:
    certificate = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.pem"
    )
    subprocess.run([*certificate.split(), "-subj", f"/CN={NAME}"], cwd=folder, check=True, capture_output=True)
    site = documented("nginx", address).replace("listen 443", f"listen {port}")
    site = re.sub(r"/etc/ssl/\w+/api.example.org.(pem|key)", rf"{folder}/tls.\1", site)
    places = [f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    head = f"daemon off; master_process off; pid {folder}/pid; events {{}}"
    (folder / "nginx.conf").write_text(f"{head} http {{ access_log off; {' '.join(places)}\n{site} }}")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def caddy(folder: Path, address: str, port: int) -> list[str]:
    mine = f"admin off\nauto_https disable_redirects\nlocal_certs\nskip_install_trust\nhttps_port {port}"
    (folder / "Caddyfile").write_text(f"{{\n{mine}\n}}\n{documented('caddyfile', address)}")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@dataclass(frozen=True)
class Proxy:
    """A proxy that speaks TLS at a port of this machine."""

    port: int

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=20)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sock = context.wrap_socket(plain, server_hostname=NAME)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        reply = Reply(response.status, response.headers, response.read())
        connection.close()
        return reply


def answers(proxy: Proxy) -> bool:
    try:
        return proxy.ask("GET", "/healthz").status == 200
    except OSError:  # also of TLS, while Caddy makes its certificate
        return False


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[Proxy]:
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=os.environ | homes, stderr=log) as started:
        try:
            deadline = time.monotonic() + 30
            while not answers(Proxy(port)):
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
            yield Proxy(port)
        finally:
            started.terminate()


@pytest.fixture(params=[nginx, caddy], ids=lambda made: made.__name__)
def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxy]:
    if not shutil.which(request.param.__name__):
        pytest.skip("needs nginx and Caddy")
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "index.html").write_text("<!doctype html>")
    service = Service("x", {"labels": ["a"]}, VERBS, tmp_path)
    settings = {"api_key_file": tmp_path / "key", "allowed_hosts": [NAME]}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving(service, **settings) as address:
        command = request.param(tmp_path, address.removeprefix("http://"), port)
        with running(command, tmp_path, port) as found:
            yield found


def test_the_page_and_its_requests_pass_the_proxy(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/").body.startswith(b"<!doctype html>")
    assert proxy.ask("GET", "/model", **BEARER).json == {"labels": ["a"]}
    assert proxy.ask("POST", "/predict", b"abc").status == 401
    own, other = f"https://{NAME}:{proxy.port}", "https://example.org"
    assert proxy.ask("POST", "/predict", b"abc", Origin=own, **BEARER).json == {"length": 3}
    assert proxy.ask("POST", "/predict", b"abc", Origin=other, **BEARER).status == 403
    found = proxy.ask("HEAD", "/model", **BEARER)
    assert (found.status, found.body) == (200, b"")


def test_a_body_of_the_largest_size_passes(proxy: Proxy) -> None:
    assert proxy.ask("POST", "/predict", b"x" * 10_000_000, **BEARER).json == {"length": 10_000_000}


@pytest.mark.parametrize("proxy", [nginx], indirect=True)  # Caddy closes before the client has sent all
def test_the_refusal_of_a_larger_body_passes_nginx(proxy: Proxy) -> None:
    assert "10,000,000 bytes" in proxy.ask("POST", "/predict", b"x" * 10_000_001, **BEARER).json["detail"]
