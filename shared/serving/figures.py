"""What the server counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shared.serving.batching import Batcher

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 4, 8, 16, 32)


class Figures:
    """Requests by path and status, their seconds, sizes of batches, and how many items wait."""

    def __init__(self, batcher: Batcher) -> None:
        """Count from nothing, and watch the batcher."""
        self._registry = CollectorRegistry()
        self._requests = Counter("requests", "Answered requests.", ["path", "status"], registry=self._registry)
        self._seconds = Histogram(
            "request_seconds",
            "From a request's first byte to its answer.",
            ["path"],
            buckets=SECONDS,
            registry=self._registry,
        )
        sizes = Histogram("batch_size", "Items answered at once.", buckets=SIZES, registry=self._registry)
        batcher.observe = sizes.observe
        waiting = Gauge("waiting_items", "Items without an answer yet.", registry=self._registry)
        waiting.set_function(lambda: batcher.waiting)

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
