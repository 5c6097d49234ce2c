"""The command line of this project: `python main.py <verb>`; `python main.py --help` lists the verbs."""

import sys
from pathlib import Path

from shared.cli import main

VERBS = {
    "check-data": "read the data as training would; report what is in it and every problem",
    "run": "the whole job: train, evaluate, baseline, export, report",
    "train": "train the embedder, save its best weights in outputs/checkpoints",
    "evaluate": "measure the embedder on pairs of the test people",
    "baseline": "measure eigenfaces on the same split",
    "predict": "find and embed the faces in image files or folders",
    "export": "write the embedder as one ONNX file",
    "report": "write outputs/report.html from what the other verbs measured",
    "calibrate": "find thresholds with guaranteed error rates on your own photos",
    "verify": "say whether two photos show the same person",
    "enroll": "add a person's photos to the gallery",
    "identify": "say who of the gallery is in photos",
    "list": "show who is in the gallery",
    "forget": "delete a person from the gallery",
    "runs": "list all training runs; compare two, go back to an earlier one, mark or remove one",
    "crossval": "train and measure on each of several folds of the people",
    "sweep": "search for good settings by many training runs",
    "serve": "serve the gallery over HTTP, with a web page: who is in an image",
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent, VERBS, "src.config:Config"))
