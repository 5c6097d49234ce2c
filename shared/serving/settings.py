"""The settings of the HTTP server, the same in every project."""

from dataclasses import dataclass

from shared.config import require


@dataclass
class ServeConfig:
    """Where to listen, and what to refuse."""

    host: str = "127.0.0.1"
    """the address to listen at; 127.0.0.1 is reached from this machine alone"""
    port: int = 8000
    """0 takes a free one"""
    max_body_bytes: int = 10_000_000
    """a larger request is refused while it arrives"""

    def __post_init__(self) -> None:
        require(0 <= self.port < 65536, "serve.port", self.port, "between 0 and 65535")
        require(self.max_body_bytes > 0, "serve.max_body_bytes", self.max_body_bytes, "above 0")
