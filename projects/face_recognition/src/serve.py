"""Answer HTTP requests: who of the gallery is in a picture."""

from typing import Any

from shared.serving.server import make_app, run_app
from src.config import PROJECT, Config
from src.decision import load_decision
from src.gallery import Gallery
from src.identify import Identifier, answers_of
from src.recogniser import Recogniser


def serve(config: Config) -> None:
    """Serve the exported embedder: POST a picture to /predict; /model describes it. Stop with Ctrl-C."""
    recogniser = Recogniser(config)
    decision = load_decision(config.output_dir, recogniser.embedder)
    with Gallery(config.gallery.file) as gallery:
        identifier = Identifier(gallery, config.gallery, decision)

        def answer(body: bytes) -> dict[str, Any]:
            rows = answers_of("", recogniser.photos([body])[0], identifier)
            for row in rows:
                del row["file"]
            if rows[0]["answer"] in ("no face", "unreadable"):
                return {"answer": rows[0]["answer"], "faces": [], "detail": rows[0]["detail"]}
            return {"answer": "faces", "faces": rows, "thresholds": decision.origin}

        run_app(make_app(PROJECT.name, recogniser.network.about, answer, config.serve), config.serve)
