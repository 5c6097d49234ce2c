"""A server in two processes: this one holds the connections, the other computes."""

from typing import Any

from shared.serving.listening import listen
from shared.serving.settings import ServeConfig
from shared.serving.worker import Worker


def run_server(build: str, config: Any, settings: ServeConfig) -> None:
    """Serve until SIGINT or SIGTERM; requests that came before still get their responses.

    Args:
        build: the function that makes the `Service` from `config`, as `module:function`. This process never imports it.

    Raises:
        UserError: the service cannot be made, the address cannot be used, or the key's file cannot.
    """
    with listen(settings) as listener, Worker(build, config, settings) as worker:
        # This takes a second or two, in which the other process loads its network.
        from shared.serving.server import make_app, run_app

        run_app(make_app(worker.service, settings, worker), listener, settings)
