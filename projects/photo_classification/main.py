"""The command line of this project: `python main.py <verb>`; `python main.py --help` lists the verbs."""

import sys
from pathlib import Path

from shared.cli import main

VERBS = {
    "check-data": "read the data as training would; report what is in it and every problem",
    "run": "the whole job: train, evaluate, baseline, export, report",
    "train": "train the network, save its best weights in outputs/checkpoints",
    "evaluate": "measure the trained network on the test split",
    "baseline": "measure classical models from scikit-learn on the same split",
    "predict": "classify image files or folders with the exported network",
    "export": "write the trained network as one ONNX file",
    "report": "write outputs/report.html from what the other verbs measured",
    "runs": "list all training runs; compare two, go back to an earlier one, mark or remove one",
    "crossval": "train and measure on each of several folds; rank the labels that may be wrong",
    "sweep": "search for good settings by many training runs",
    "serve": "serve the exported network over HTTP, with a web page",
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent, VERBS, "src.config:Config"))
