"""What the server counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shared.serving.batching import Batcher

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 4, 8, 16, 32)


class ServerMetrics:
    """Requests by path and status, their seconds, sizes of batches, and how many items wait."""

    def __init__(self, batcher: Batcher) -> None:
        """Start all counters at 0, and watch the batcher."""
        self._registry = own = CollectorRegistry()
        help_text = "From a request's first byte to its response."
        self._requests = Counter("requests", "Requests with a response.", ["path", "status"], registry=own)
        self._seconds = Histogram("request_seconds", help_text, ["path"], buckets=SECONDS, registry=own)
        batcher.observe = Histogram("batch_size", "Items in a batch.", buckets=SIZES, registry=own).observe
        waiting = Gauge("waiting_items", "Items without a result yet.", registry=own)
        waiting.set_function(lambda: batcher.waiting)

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self._registry)
