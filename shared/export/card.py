"""`outputs/export/README.md`: a model card in the Hugging Face form, beside the exported network.

What the program knows (data, licenses, scores, how to load the file) it writes itself; the project's
`configs/card.yaml` states what people decide: the intended use, the limits and the license of the weights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import yaml

from shared.config import read_yaml
from shared.files import write_text
from shared.results import headline, read_evaluation
from shared.training.checkpoint import Checkpoint

NOT_STATED = "Not stated; write it into configs/card.yaml."
ANY_SIDE = 64
"""What the example takes for a side that may have any length."""


def write_card(config: Any, project: Path, trained: Checkpoint, path: Path, exported: Mapping[str, Any]) -> None:
    """Write the card of the exported file `path`; it has test scores where these weights have been evaluated.

    Args:
        exported: what outputs/export.json says.
    """
    file = project / "configs" / "card.yaml"
    stated = read_yaml(file) if file.is_file() else {}
    measured, data = read_evaluation(config.output_dir, trained.digest), trained.metadata["data"]
    task = {"type": stated.get("pipeline_tag", "other")}
    header: dict[str, Any] = {"license": stated.get("license", "unknown"), "library_name": "onnx"}
    header |= {"pipeline_tag": task["type"]} if "pipeline_tag" in stated else {}
    header |= {"tags": ["onnx", "onnxruntime", project.name]}
    if measured:
        name, value, low, high = headline(measured["metrics"]["test"])
        described = f"test {name}, 95 % interval {low:.4f} to {high:.4f}"
        score = {"type": name.lower().replace(" ", "_"), "value": round(value, 4), "name": described}
        dataset = {"type": data["source"], "name": data["description"], "split": "test"}
        results = [{"task": task, "dataset": dataset, "metrics": [score]}]
        header["model-index"] = [{"name": project.name, "results": results}]
    first, counts = trained.metadata["first_weights"], ", ".join(f"{n:,} {name}" for name, n in data["counts"].items())
    substituted = f" {data['substituted']}" if data["substituted"] else ""
    parts = {
        "Intended use": stated.get("intended_use", NOT_STATED),
        "Limits": "\n".join(f"- {limit}" for limit in stated.get("limits", [NOT_STATED])),
        "Data": f"{data['description']}: {counts}.{substituted} License: {data['license'] or 'not stated'}.",
        "Weights": f"{exported['precision']}: {exported['reason']}. {trained.metadata['parameters']:,} parameters, "
        f"seed {trained.metadata['seed']}; they began as: {first['source']} (license: {first['license'] or 'none'}).",
        "Scores": _scores(measured),
        "Load it": _example(path),
    }
    text = "".join(f"\n## {title}\n\n{content.strip()}\n" for title, content in parts.items())
    front = yaml.safe_dump(header, sort_keys=False, allow_unicode=True)
    write_text(path.with_name("README.md"), f"---\n{front}---\n\n# {project.name}\n{text}")


def _scores(measured: Mapping[str, Any] | None) -> str:
    if measured is None:
        return "These weights have not been evaluated: run `python main.py evaluate`, then `python main.py export`."
    rows = "".join(f"| {name} | {value} |\n" for name, value in measured["summary"].items())
    test, text = measured["metrics"]["test"], f"| score | value |\n| --- | --- |\n{rows}"
    if "calibration_error" in test:
        text += f"\nCalibration: the expected calibration error on the test split is {test['calibration_error']:.4f}"
        if "temperature" in measured:
            unscaled, temperature = test["calibration_error_before"], measured["temperature"]
            text += f" (unscaled {unscaled:.4f}): the probabilities are scaled by the temperature {temperature:.2f}, "
            text += "fitted on the validation split (Guo et al. 2017)"
        text += ".\n"
    return text


def _example(path: Path) -> str:
    """Five lines of Python that run the file, and what it takes."""
    model = onnx.load(path, load_external_data=False)
    graph, properties = model.graph, {item.key: item.value for item in model.metadata_props}
    first, output = graph.input[0], graph.output[0].name
    sides = [dim.dim_value or ANY_SIDE for dim in first.type.tensor_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(first.type.tensor_type.elem_type)
    return (
        "```python\nimport numpy as np, onnxruntime\n"
        f'session = onnxruntime.InferenceSession("{path.name}")\n'
        f"{first.name} = np.zeros({(1, *sides[1:])}, np.{dtype})\n"
        f'{output} = session.run(["{output}"], {{"{first.name}": {first.name}}})[0]\n'
        f"print({output}.shape)\n```\n\nThe file holds labels, preparation and origin as metadata "
        "(`session.get_modelmeta().custom_metadata_map`). "
    ) + (f"Input: {properties['input']}." if "input" in properties else "")
