"""A server in two processes: this one holds the connections, the other computes."""

import errno
import signal
import socket
from typing import Any, NoReturn

from shared.errors import UserError
from shared.serving.settings import ServeConfig, is_loopback, network_location
from shared.serving.worker import Worker


def run_server(build: str, config: Any, settings: ServeConfig) -> None:
    """Serve until SIGINT or SIGTERM; requests that came before still get their responses.

    Args:
        build: the function that makes the `Service` from `config`, as `module:function`. This process never imports it.

    Raises:
        UserError: the service cannot be made, the address cannot be used, or the key's file cannot.
    """
    signal.signal(signal.SIGINT, _interrupt_once)
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
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family = min(entry[0] for entry in found)  # IPv4 of a name that has both
        both = host == "::" and socket.has_dualstack_ipv6()  # all addresses, as people mean it
        listener = socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except (OSError, ValueError) as error:  # ValueError: no name at all
        number, why = getattr(error, "errno", None), getattr(error, "strerror", error)
        other = (
            "--serve.port" if number in (errno.EADDRINUSE, errno.EACCES) else "--serve.host: an address of this machine"
        )
        raise UserError(f"cannot listen at {network_location(host, port)} ({why}); choose another {other}.") from error
    if not settings.api_key_file and not is_loopback(listener.getsockname()[0]):
        listener.close()
        raise UserError(
            f"serve.host {host} is reached from other machines, which needs a key: write one to a file "
            "(python -c 'import secrets; print(secrets.token_urlsafe())') and name it with --serve.api_key_file."
        )
    return listener


def _interrupt_once(*_: object) -> NoReturn:
    """Interrupt once: a second Ctrl-C would interrupt what the first one ends."""
    signal.signal(signal.SIGINT, lambda *_: None)
    raise KeyboardInterrupt
