"""The settings of the HTTP server, the same in every project."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from shared.bounds import Bounds, PositiveFloat, PositiveInt
from shared.config import require


@dataclass
class ServeConfig:
    """Where the server listens, and which requests it refuses."""

    host: str = "127.0.0.1"
    """address to listen at; only this machine reaches 127.0.0.1, any other address needs serve.api_key_file"""
    port: Annotated[int, Bounds(ge=0, le=65535)] = 8000
    """TCP port to listen at; 0 takes a free one"""
    api_key_file: Path | None = None
    """file whose first line is a key of at least 16 characters; each request must then send it as a bearer token"""
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
        enough = self.max_waiting >= self.max_elements
        require(enough, "serve.max_waiting", self.max_waiting, "at least serve.max_elements")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
