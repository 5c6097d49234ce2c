"""The exported file equals PyTorch at any batch size, names no path, and is the same bytes each time."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from shared.errors import UserError
from shared.export import to_onnx
from shared.export.mobile import mobile_usability
from shared.export.quantize import quantized
from shared.export.to_onnx import trace, trace_classifier, write_manifest, write_model
from shared.files import file_digest
from shared.inference.model import OnnxModel
from shared.seeding import generator

EXAMPLES = torch.randint(0, 256, (8, 1, 9, 9), dtype=torch.uint8, generator=generator(0))
METADATA = {"labels": ["a", "b", "ü"], "data": {"source": "sample"}, "note": "plain text"}


class ToFloat(nn.Module):
    """Uint8 pixels to numbers between -1 and 1."""

    def forward(self, images: Tensor) -> Tensor:
        return images.float() / 127.5 - 1


def make_network(seed: int = 0) -> nn.Module:
    """A small classifier with batch norm whose statistics are not the trivial ones."""
    torch.manual_seed(seed)
    norm = nn.BatchNorm2d(4)
    for tensor in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
        tensor.copy_(torch.rand(4) + 0.5)
    return nn.Sequential(ToFloat(), nn.Conv2d(1, 4, 3), norm, nn.ReLU(), nn.Flatten(), nn.Linear(196, 3)).eval()


def expected_probabilities(network: nn.Module, examples: Tensor) -> np.ndarray:
    with torch.no_grad():
        return network(examples).softmax(1).numpy()


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return make_network()


@pytest.fixture(scope="module")
def exported(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "network.onnx"
    write_model(trace_classifier(network, EXAMPLES)[0], path, METADATA)
    return path


def test_batches_of_any_size_give_the_answers_of_pytorch_and_long_inputs_are_cut_into_them(
    network: nn.Module, exported: Path
) -> None:
    expected, model = expected_probabilities(network, EXAMPLES), OnnxModel(exported)
    for count, size in ((1, 8), (2, 8), (3, 8), (8, 8), (8, 3)):
        found = model.probabilities(EXAMPLES[:count].numpy(), batch_size=size)
        np.testing.assert_allclose(found, expected[:count], atol=1e-5)
    assert model.probabilities(EXAMPLES[:0].numpy()).shape == (0, 3)


def test_one_file_describes_itself_and_names_no_path_and_no_source_line(exported: Path) -> None:
    classifier = OnnxModel(exported)
    assert classifier.labels == ["a", "b", "ü"]
    assert classifier.metadata == METADATA
    assert classifier.input_shape == (1, 9, 9)
    assert [path.name for path in exported.parent.iterdir()] == ["network.onnx"]
    assert not any(tensor.external_data for tensor in onnx.load(exported).graph.initializer)
    content = exported.read_bytes()
    for word in (b"/home", b"/usr", b"/tmp", b"/root", b".py", b"stack_trace", str(Path.cwd()).encode()):
        assert word not in content


def test_exporting_twice_gives_the_same_bytes(network: nn.Module, exported: Path, tmp_path: Path) -> None:
    write_model(trace_classifier(network, EXAMPLES)[0], tmp_path / "elsewhere" / "again.onnx", METADATA)
    assert (tmp_path / "elsewhere" / "again.onnx").read_bytes() == exported.read_bytes()


def test_the_manifest_has_the_digest_of_every_file(exported: Path, tmp_path: Path) -> None:
    copy = tmp_path / exported.name
    copy.write_bytes(exported.read_bytes())
    for _ in range(2):  # the manifest does not list itself
        write_manifest(tmp_path)
    digest, name = (tmp_path / "SHA256SUMS").read_text().split()
    assert (digest, name) == (file_digest(copy), copy.name)


def test_the_mobile_checker_says_what_accelerators_make_of_it(exported: Path) -> None:
    found = mobile_usability(exported)
    assert {"NNAPI, as is", "CoreML MLProgram, with fixed sizes"} <= set(found)


def test_what_differs_is_refused(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    real = to_onnx._trace

    def another_network(_: nn.Module, *arguments: Any) -> onnx.ModelProto:
        return real(to_onnx.WithProbabilities(make_network(seed=1)), *arguments)

    monkeypatch.setattr(to_onnx, "_trace", another_network)
    with pytest.raises(UserError, match="differs from PyTorch by .* nothing was written"):
        trace_classifier(network, EXAMPLES)
    monkeypatch.undo()
    broken = make_network()
    broken[-1].weight.data.fill_(torch.nan)
    with pytest.raises(UserError, match="differs from PyTorch by nan"):
        trace_classifier(broken, EXAMPLES)


def test_missing_and_foreign_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `python main.py export` first"):
        OnnxModel(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not onnx")
    with pytest.raises(UserError, match=r"bad\.onnx is damaged or not exported by this program"):
        OnnxModel(tmp_path / "bad.onnx")


IMAGES = torch.randint(0, 256, (6, 3, 32, 48), dtype=torch.uint8, generator=generator(1))


@pytest.fixture(scope="module")
def dense() -> tuple[nn.Module, onnx.ModelProto]:
    """A small network that classifies each pixel and halves the image on the way."""
    torch.manual_seed(0)
    down = [nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
    up = [nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(16, 4, 1)]
    network = nn.Sequential(ToFloat(), *down, *up).eval()
    return network, trace_classifier(network, IMAGES, stride=8)[0]


@pytest.mark.parametrize("size", [(32, 48), (8, 16), (80, 24)])
def test_a_network_for_pixels_takes_images_of_any_size(
    size: tuple[int, int], dense: tuple[nn.Module, onnx.ModelProto], tmp_path: Path
) -> None:
    network, model = dense
    write_model(onnx.ModelProto.FromString(model.SerializeToString()), tmp_path / "dense.onnx", METADATA)
    images = torch.randint(0, 256, (3, 3, *size), dtype=torch.uint8, generator=generator(2))
    found = OnnxModel(tmp_path / "dense.onnx").probabilities(images.numpy())
    np.testing.assert_allclose(found, expected_probabilities(network, images), atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5, 7)], ids=["wholes", "pixels"])
def test_probabilities_are_those_of_the_softmax_for_any_logits(shape: tuple[int, ...]) -> None:
    logits = torch.randn(shape, generator=generator(3)) * 10_000
    logits.view(-1)[:2] = torch.tensor([3e38, -3e38])
    probabilities, _ = to_onnx.WithProbabilities(nn.Identity(), temperature=2.0)(logits)
    torch.testing.assert_close(probabilities, (logits / 2).softmax(1))


def test_eight_bits_predict_nearly_the_same_and_the_classes_come_from_a_convolution_in_fp32(
    dense: tuple[nn.Module, onnx.ModelProto], tmp_path: Path
) -> None:
    network, model = dense
    small = quantized(model, [image[None].numpy() for image in IMAGES])
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in small.graph.node}
    write_model(small, tmp_path / "int8.onnx", METADATA)
    assert str(tmp_path).encode() not in (tmp_path / "int8.onnx").read_bytes()
    found = OnnxModel(tmp_path / "int8.onnx").probabilities(IMAGES.numpy())
    expected = expected_probabilities(network, IMAGES)
    assert np.abs(found - expected).max() < 0.1
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.9
    floats = {item.name for item in small.graph.initializer if item.data_type == onnx.TensorProto.FLOAT}
    convolutions = [node for node in small.graph.node if node.op_type == "Conv"]
    assert [node.input[1] in floats for node in convolutions] == [False, False, True]
    assert "logits" in convolutions[-1].output


def test_any_network_can_be_exported_and_run_under_the_names_of_its_outputs(network: nn.Module, tmp_path: Path) -> None:
    model, difference = trace(network, EXAMPLES, "images", ["numbers"])
    assert difference <= to_onnx.TOLERANCE
    write_model(model, tmp_path / "network.onnx", {"versions": {"torch": "x"}})
    loaded = OnnxModel(tmp_path / "network.onnx")
    assert loaded.input_shape == (1, 9, 9)
    found = loaded.run("numbers", EXAMPLES.numpy(), batch_size=3)
    with torch.no_grad():
        np.testing.assert_allclose(found, network(EXAMPLES).numpy(), atol=1e-5)
