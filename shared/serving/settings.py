"""The settings of the HTTP server, the same in every project."""

import math
from dataclasses import dataclass
from pathlib import Path

from shared.config import require


@dataclass
class ServeConfig:
    """Where to listen, and what to refuse."""

    host: str = "127.0.0.1"
    """the address to listen at; 127.0.0.1 is reached from this machine alone, any other needs serve.api_key_file"""
    port: int = 8000
    """0 takes a free one"""
    api_key_file: Path | None = None
    """a file whose first line is a key of 16 characters or more; requests must then carry it as a bearer token"""
    max_body_bytes: int = 10_000_000
    """a larger request is refused while it arrives"""
    max_pixels: int = 16_000_000
    """a larger image is refused before it is decoded"""
    max_seconds: float = 60.0
    """a longer recording is refused before it is decoded"""
    max_elements: int = 32
    """a request with more images, texts or recordings is refused"""
    max_text_length: int = 10_000
    """a longer text is refused, in characters"""
    max_waiting: int = 256
    """so many items may wait for their turn; requests beyond are told to come again (429)"""
    max_connections: int = 256
    """so many clients may be connected at once"""
    deadline: float = 10.0
    """seconds from a request's first byte to its answer; what takes longer ends in 408, 503 or 504"""

    def __post_init__(self) -> None:
        require(0 <= self.port < 65536, "serve.port", self.port, "between 0 and 65535")
        for name in (
            "max_body_bytes",
            "max_pixels",
            "max_seconds",
            "max_elements",
            "max_text_length",
            "max_connections",
            "deadline",
        ):
            value = getattr(self, name)
            require(0 < value < math.inf, f"serve.{name}", value, "a number above 0, and finite")
        require(
            self.max_waiting >= self.max_elements,
            "serve.max_waiting",
            self.max_waiting,
            "at least serve.max_elements",
        )
