"""The report is one file that needs nothing from outside and shows what it is given."""

import io
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from shared.data.examples import Data, Examples
from shared.data.sources import DataRecord
from shared.data.splits import Splits
from shared.report.html import ReportImage, Section, write_report
from shared.report.plots import confusion_matrix, contact_sheet, reliability, training_curves
from shared.report.sections import calibration_section, example_sections

HISTORY = [
    {"epoch": epoch, "train/loss": 1 / epoch, "validation/loss": 1.1 / epoch, "validation/accuracy": 0.5 + epoch / 10}
    for epoch in (1, 2, 3)
]
PNG = b"\x89PNG"


def test_the_page_holds_its_images_and_escapes_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(
        path,
        title="digits <script>",
        summary=[("test accuracy", "99 %")],
        notice="sample used",
        sections=[
            Section("Scores", "text", header=["model"], rows=[["<b>cnn</b>"]]),
            Section("Curves", images=[ReportImage(PNG, "a curve")], preformatted="seed: 0"),
        ],
    )
    page = path.read_text()
    assert "<script>" not in page
    assert "&lt;b&gt;cnn&lt;/b&gt;" in page
    for words in ("99 %", "sample used", "seed: 0", 'alt="a curve"', "data:image/png;base64,iVBORw"):
        assert words in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert "http" not in page
    assert 'role="note"' in page
    write_report(path, title="t", summary=[], notice="", sections=[])
    assert 'role="note"' not in path.read_text()


def test_plots_are_images_also_at_the_edges() -> None:
    gray = np.zeros((8, 8), np.uint8)
    color = np.zeros((8, 8, 3), np.uint8)
    for image in (
        training_curves(HISTORY, "accuracy", 3),
        training_curves(HISTORY[:1], "accuracy", 1),
        confusion_matrix([[3, 0], [0, 2]], ["a", "long name"]),
        confusion_matrix([[0, 0], [0, 0]], ["a", "b"]),
        confusion_matrix([[1, 0], [0, 1]], ["$5_$10", "$10_$20"]),
        contact_sheet([gray, color], ["one", "two"]),
        contact_sheet([gray] * 9, ["x"] * 9, columns=4),
        reliability(np.array([0.2, 1.0]), np.array([False, True])),
    ):
        assert image.startswith(PNG)
    with Image.open(io.BytesIO(confusion_matrix(np.eye(300, dtype=int).tolist(), ["class"] * 300))) as image:
        assert max(image.size) < 6000  # of very many classes


def test_the_surest_mistakes_and_one_right_example_of_each_class_are_drawn() -> None:
    labels, drawn = torch.tensor([0, 0, 0, 1, 1]), list[int]()
    test = Examples({"labels": labels}, ["a", "b", "c", "d", "e"])
    data = Data(Splits(test, test, test), ["cat", "dog"], DataRecord("folder", "", ""))
    probabilities = torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.3, 0.7], [0.8, 0.2], [0.1, 0.9]])

    def draw(index: int) -> np.ndarray:
        drawn.append(index)
        return np.zeros((8, 8), np.uint8)

    mistakes, best = example_sections(data, probabilities, "images", draw)
    assert mistakes.text.startswith("2 of 5 test images are classified wrongly")
    assert drawn[:2] == [3, 2]
    assert sorted(drawn[2:]) == [1, 4]
    assert [len(section.images) for section in (mistakes, best)] == [1, 1]
    none, _ = example_sections(data, torch.eye(2)[labels], "images", draw)
    assert (none.text, none.images) == ("0 of 5 test images are classified wrongly.", [])
    texts, _ = example_sections(data, probabilities, "texts", lambda index: f"text {index}")
    assert texts.rows == [["dog, not cat", "0.80", "text 3"], ["cat, not dog", "0.70", "text 2"]]


def test_the_section_on_calibration_says_how_right_the_surer_predictions_are() -> None:
    scores = {"calibration_error": 0.1, "calibration_error_before": 0.2}
    evaluated = {"metrics": {"test": scores}, "temperature": 2.0}
    probabilities = torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    found = calibration_section(evaluated, torch.tensor([1, 0, 1, 1]), probabilities, "images")
    assert [*found.rows][:2] == [["0.50", "100.0%", "0.7500"], ["0.70", "75.0%", "1.0000"]]
    assert found.rows[-1] == ["0.99", "0.0%", ""]
