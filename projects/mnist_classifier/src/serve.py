"""Answer HTTP requests: the server is that of all projects, what it is asked is in service.py."""

from shared.serving.running import run_server
from src.config import Config


def serve(config: Config) -> None:
    """Serve the exported network: POST an image to /predict; / is a page to draw on. Stop with Ctrl-C."""
    run_server("src.service:make_service", config, config.serve)
