"""A server in two processes: this one holds the connections, the other computes."""

import socket
from typing import Any

from shared.errors import UserError
from shared.serving.settings import ServeConfig, is_loopback
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


def listen(settings: ServeConfig) -> socket.socket:
    """A socket at the address.

    Raises:
        UserError: the address is taken, is not this machine's, or is open to other machines without a key.
    """
    host, port = settings.host, settings.port
    try:
        listener = socket.create_server((host, port))
    except socket.gaierror as error:
        problem = f"serve.host {host} is not an address of this machine ({error.strerror}); choose another."
        raise UserError(problem) from error
    except OSError as error:
        problem = f"cannot listen at {host}:{port} ({error.strerror}); choose another --serve.port."
        raise UserError(problem) from error
    if not settings.api_key_file and not is_loopback(listener.getsockname()[0]):
        listener.close()
        raise UserError(
            f"serve.host {host} is reached from other machines, which needs a key: write one to a file "
            "(python -c 'import secrets; print(secrets.token_urlsafe())') and name it with --serve.api_key_file."
        )
    return listener
