"""The road has no hole: every subject is taught, trained and used somewhere, and every link of it leads there."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from commands import REPOSITORY
from pages import LINK, follow

import docs

PAGE = REPOSITORY / "docs" / "learn.md"
SUBJECTS = """what PyTorch is; the environment; NumPy: arrays; NumPy: shapes; NumPy: mathematics;
scikit-learn: a random forest on iris; scikit-learn: linear regression; scikit-learn: logistic regression;
scikit-learn: SVM; scikit-learn: K-means; scikit-learn: PCA; scikit-learn: cross-validation; scikit-learn: metrics;
tensors; operations; autograd; `nn.Module`; activation functions: ReLU, sigmoid; optimizers: SGD; optimizers: Adam;
losses: MSE; losses: cross-entropy; a first network on MNIST's digits: trained, validated, tested; training well;
convolutional networks (CNN); recurrent networks (RNN); Transformers; transfer learning; the real projects; ONNX;
the web; the phone"""


def rows(title: str) -> list[list[str]]:
    """The cells of the table below a title of the page, without its head."""
    section = PAGE.read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_table_has_every_subject() -> None:
    assert [row[0] for row in rows("Where each subject is taught")] == re.split(r";\s+", SUBJECTS)


@pytest.mark.parametrize("row", rows("Where each subject is taught"), ids=lambda row: row[0])
def test_a_subject_is_taught_trained_and_used(row: list[str]) -> None:
    _, taught, exercise, used = (follow(cell, PAGE) for cell in row)
    assert taught
    assert all(path.suffix == ".ipynb" or path == PAGE for path in taught)
    assert exercise
    for path, number in zip(exercise, re.findall(r"\[(\d\d)\]", row[2]), strict=True):
        assert path.name.startswith(f"e{number}_")
    assert used


def test_the_steps_are_all_notebooks_in_order() -> None:
    steps = [path for row in rows("The steps") for path in follow(row[0], PAGE)]
    assert [path for path in steps if path.parent.name == "learn"] == sorted(REPOSITORY.glob("docs/learn/[0-9]*.ipynb"))


def notebook_of(*outputs: dict[str, Any]) -> dict[str, Any]:
    code = {"cell_type": "code", "source": ["1 + ", "1"], "outputs": list(outputs)}
    return {"cells": [{"cell_type": "markdown", "source": ["# Sums\n", "[next](02_scikit_learn.ipynb#a)"]}, code]}


def test_a_notebook_becomes_a_page_with_what_it_has_printed_and_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = {"image/png": base64.b64encode(b"picture").decode(), "text/plain": "<Figure>"}
    outputs = [{"name": "stdout", "text": ["\x1b[31mred\x1b[39m\n"]}, {"data": {"text/plain": ["2"]}}, {"data": figure}]
    monkeypatch.setattr(docs, "execute", lambda _: notebook_of(*outputs, {"data": {"text/markdown": "**source**"}}))
    monkeypatch.setattr(docs, "BUILD", tmp_path)
    (tmp_path / "docs" / "learn").mkdir(parents=True)
    page = docs.from_notebook(REPOSITORY / "docs" / "learn" / "01_numpy.ipynb")
    assert "```python\n1 + 1\n```" in page
    assert "\nred\n" in page
    assert "\n2\n" in page
    assert "**source**" in page
    (image,) = re.findall(r"!\[Sums\]\((.+)\)", page)
    assert (tmp_path / "docs" / "learn" / image).read_bytes() == b"picture"


def test_links_to_notebooks_exercises_and_code_lead_to_their_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs, "execute", lambda _: notebook_of())
    monkeypatch.setattr(docs, "BUILD", tmp_path)
    docs.collect([PAGE])
    for path in [PAGE, PAGE.parent / "learn" / "01_numpy.ipynb", PAGE.parent / "exercises" / "e03_softmax.py"]:
        text = (tmp_path / path.relative_to(REPOSITORY)).with_suffix(".md").read_text()
        assert not re.findall(r"\.(?:ipynb|py)[)#]", text)
        for target, _ in LINK.findall(text):
            place = (tmp_path / path.relative_to(REPOSITORY)).parent / target
            assert place.exists() or target.startswith("http"), target
    assert "<details" in text
    assert (tmp_path / "shared" / "training" / "loop.md").read_text().count("def fit(") == 1
