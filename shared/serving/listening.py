"""The address to listen at, and which machines reach it."""

import ipaddress
import socket

from shared.errors import UserError
from shared.serving.settings import ServeConfig


def listen(settings: ServeConfig) -> socket.socket:
    """A socket at the address.

    Raises:
        UserError: the address is taken, is not this machine's, or is open to other machines without a key.
    """
    try:
        listener = socket.create_server((settings.host, settings.port))
    except socket.gaierror as error:
        raise UserError(
            f"serve.host {settings.host} is not an address of this machine ({error.strerror}); choose another."
        ) from error
    except OSError as error:
        raise UserError(
            f"cannot listen at {settings.host}:{settings.port} ({error.strerror}); choose another --serve.port."
        ) from error
    if not settings.api_key_file and not is_loopback(listener.getsockname()[0]):
        listener.close()
        raise UserError(
            f"serve.host {settings.host} is reached from other machines, which needs a key: write one to a file "
            "(python -c 'import secrets; print(secrets.token_urlsafe())') and name it with --serve.api_key_file."
        )
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
