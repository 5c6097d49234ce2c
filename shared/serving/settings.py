"""The settings of the HTTP server, the same in every project."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from shared.bounds import Bounds, PositiveFloat, PositiveInt
from shared.config import require


@dataclass
class ServeConfig:
    """Where the server listens, and which requests it refuses."""

    host: str = "127.0.0.1"
    """address to listen at; only this machine reaches 127.0.0.1 and ::1, any other address needs serve.api_key_file"""
    port: Annotated[int, Bounds(ge=0, le=65535)] = 8000
    """TCP port to listen at; 0 takes a free one"""
    api_key_file: Path | None = None
    """file whose first line is a key of at least 16 characters; each request must then send it as a bearer token"""
    allowed_hosts: list[str] = field(default_factory=list)
    """host names, without a port, under which clients reach the server beside this machine's own, such as a proxy's"""
    allowed_origins: list[str] = field(default_factory=list)
    """origins of other sites whose pages may use the server, such as http://localhost:5173"""
    max_body_bytes: PositiveInt = 10_000_000
    """largest body of a request in bytes; a larger one is refused while it arrives"""
    max_pixels: PositiveInt = 16_000_000
    """largest image in pixels (width times height); a larger one is refused before it is decoded"""
    max_seconds: PositiveFloat = 60.0
    """longest recording in seconds; a longer one is refused before it is decoded"""
    max_elements: PositiveInt = 32
    """largest number of images, texts or recordings in one request"""
    max_text_length: PositiveInt = 10_000
    """longest text in characters"""
    max_waiting: int = 256
    """largest number of items in the queue; beyond it, requests are answered 429 (try again later); higher values
    refuse less and let clients wait longer"""
    max_connections: PositiveInt = 256
    """largest number of clients that are connected at the same time"""
    deadline: PositiveFloat = 10.0
    """seconds from a request's first byte to its response; a slower request ends in 408, 503 or 504"""

    def __post_init__(self) -> None:
        self.host = self.host.removeprefix("[").removesuffix("]")  # as URLs write ::1
        enough = self.max_waiting >= self.max_elements
        require(enough, "serve.max_waiting", self.max_waiting, "at least serve.max_elements")
        hosts = all(re.fullmatch(r"[\w.-]+|[0-9a-fA-F:]+", host) for host in self.allowed_hosts)
        require(
            hosts, "serve.allowed_hosts", self.allowed_hosts, "names such as api.example.org, without http:// or port"
        )
        origins = all(
            re.fullmatch(r"[a-z][a-z+.-]*://([a-z0-9_.-]+|\[[0-9a-f:]+\])(:\d+)?", site)
            for site in self.allowed_origins
        )
        expected = "origins as browsers send them, such as https://example.org or http://localhost:5173, in lower case"
        require(origins, "serve.allowed_origins", self.allowed_origins, expected)


def network_location(host: str, port: int) -> str:
    """Host and port as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
