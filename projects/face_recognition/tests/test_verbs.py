"""What the verbs write and answer, with dlib's network."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest
from PIL import Image

from models.dlib_landmarks import CONVERTED
from shared.errors import UserError
from shared.files import file_digest, read_json
from shared.inference.model import OnnxModel
from shared.results import read_result
from shared.testing.contract import ask
from shared.testing.servers import serving
from src.calibrate import calibrate
from src.config import PROJECT, Config, DecisionConfig
from src.predict import predict
from src.recognizer import Recognizer
from src.service import make_service
from src.train import train
from src.verbs import enroll, forget, identify, run, verify
from src.verbs import list as list_people


def assert_whole(folder: Path) -> None:
    """All that lies in the folder is in its manifest as it is."""
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert listed == {path.name: file_digest(path) for path in folder.iterdir() if path.name != "SHA256SUMS"}


def test_what_finds_faces_without_python_lies_beside_the_exported_file(ready: Config) -> None:
    folder = ready.output_dir / "export"
    model = OnnxModel(folder / f"{PROJECT.name}.onnx")
    assert model.input_shape == (3, 150, 150)
    assert model.metadata["embedder"].startswith("dlib_resnet-")
    assert model.metadata["first_weights"]["license"] == "CC0"
    beside = {"SHA256SUMS", "README.md", "examples.json", "pnet.onnx", "rnet.onnx", "onet.onnx", CONVERTED}
    assert {path.name for path in folder.iterdir()} == {f"{PROJECT.name}.onnx", "decision.json"} | beside
    assert_whole(folder)
    assert read_json(folder / "decision.json", "")["embedder"] == model.metadata["embedder"]
    assert not any(str(PROJECT).encode() in path.read_bytes() for path in folder.iterdir())


def test_faces_are_recognized_with_nothing_but_what_export_has_written(
    ready: Config, photos: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(ready.output_dir / "export", tmp_path / "export")
    alone = replace(ready, output_dir=tmp_path, data=replace(ready.data, processed=tmp_path / "processed"))
    assert len(Recognizer(alone).photos([photos["astronaut"]])[0].faces) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    (tmp_path / "export" / CONVERTED).write_bytes(b"no trees")
    with pytest.raises(UserError, match=r"trees.safetensors is missing or damaged; run `python main.py export` again"):
        Recognizer(alone)


def test_predict_answers_every_image(ready: Config, photos: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    result = predict(ready, [photos["astronaut"], photos["both"], tmp_path, photos["cat"]])
    assert result["metrics"] == {"images": 4, "faces": 3, "no face": 1, "unreadable": 1}
    with (ready.output_dir / "predictions" / "predictions.csv").open() as file:
        rows = [(Path(row["file"]).stem, row["status"]) for row in csv.DictReader(file)]
    faces = [(name, "face") for name in ("astronaut", "both", "both")]
    assert rows == [*faces, ("broken", "unreadable"), ("cat", "no face")]
    with np.load(ready.output_dir / "predictions" / "embeddings.npz", allow_pickle=False) as stored:
        embeddings = stored["embeddings"]
    assert embeddings.shape == (3, 128)
    assert min(np.linalg.norm(embeddings[0] - embeddings[1]), np.linalg.norm(embeddings[0] - embeddings[2])) < 0.1


def test_photos_of_one_person_verify_and_those_of_two_do_not(ready: Config, photos: dict[str, Path]) -> None:
    assert verify(ready, photos["astronaut"], photos["again"])["prediction"] == "same"
    answer = verify(ready, photos["astronaut"], photos["cameraman"])
    assert answer["prediction"] == "different"
    assert "not calibrated" in answer["thresholds"]


@pytest.mark.parametrize(("name", "message"), [("both", "shows 2 faces"), ("cat", "shows no face")])
def test_a_photo_that_does_not_show_one_face_is_refused(
    ready: Config, photos: dict[str, Path], name: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        enroll(ready, "Ann", [photos["astronaut"], photos[name]])
    with pytest.raises(UserError, match=message):
        verify(ready, photos["astronaut"], photos[name])
    assert list_people(ready) == []
    endpoints = {endpoint.name: endpoint for endpoint in make_service(ready).endpoints}
    image, refused = photos["astronaut"].read_bytes(), photos[name].read_bytes()
    compared = endpoints["verify"].predict([endpoints["verify"].decode(image, refused)])[0]
    assert compared["prediction"] == {"both": "several faces", "cat": "no face"}[name]
    assert f"the second image {message}" in compared["detail"]
    assert endpoints["enroll"].predict([endpoints["enroll"].decode(refused, "Ann")])[0]["status"] == "refused"


def test_a_smaller_face_beside_the_one_that_is_enrolled_is_said(
    ready: Config, photos: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    together = Image.new("RGB", (2048, 1024))
    together.paste(Image.open(photos["astronaut"]).resize((1024, 1024)), (0, 0))
    together.paste(Image.open(photos["cameraman"]).convert("RGB").resize((358, 358)), (1024, 200))
    together.save(tmp_path / "together.png")
    config = replace(ready, gallery=replace(ready.gallery, file=tmp_path / "gallery.sqlite"))
    assert enroll(config, "Ann", [tmp_path / "together.png"])["with_smaller_faces"] == 1
    assert "together.png" in capsys.readouterr().err
    assert enroll(config, "Ann", [photos["astronaut"]])["with_smaller_faces"] == 0
    endpoint = {each.name: each for each in make_service(config).endpoints}["enroll"]
    (answer,) = endpoint.predict([endpoint.decode((tmp_path / "together.png").read_bytes(), "Ann")])
    assert answer["smaller_faces"] == 1
    for number, name in enumerate(("astronaut", "cameraman")):  # what the warning advises
        together.crop((1024 * number, 0, 1024 + 358 * number, 1024)).save(tmp_path / f"{name}.png")
        assert enroll(config, name, [tmp_path / f"{name}.png"])["with_smaller_faces"] == 0


def test_a_person_is_enrolled_found_and_forgotten(
    ready: Config, photos: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(ready, gallery=replace(ready.gallery, file=tmp_path / "gallery.sqlite"))
    assert enroll(config, "Eileen", [photos["astronaut"]])["new"] == 1
    assert enroll(config, "Eileen", [photos["astronaut"]])["new"] == 0
    assert [(row["name"], row["photos"]) for row in list_people(config)] == [("Eileen", 1)]
    answers = {Path(row["file"]).stem: row["prediction"] for row in identify(config, [photos["again"], photos["cat"]])}
    assert answers == {"again": "Eileen", "cat": "no face"}
    assert sorted(row["prediction"] for row in identify(config, [photos["both"]])) == ["Eileen", "unknown"]
    enroll(config, "Someone", [photos["again"]])
    assert "Someone looks like Eileen" in capsys.readouterr().err
    assert forget(config, "Eileen")["photos"] == 1
    assert [row["name"] for row in list_people(config)] == ["Someone"]


def test_embeddings_of_another_network_are_left_out_and_said(
    ready: Config, trained: Config, photos: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = replace(ready.gallery, file=tmp_path / "gallery.sqlite")
    enroll(replace(ready, gallery=gallery), "Eileen", [photos["astronaut"]])
    rows = identify(replace(trained, gallery=gallery), [photos["astronaut"]])
    assert rows[0]["prediction"] == "unknown"
    assert rows[0]["nearest"] == []
    assert "1 photos of the gallery were enrolled with another embedder" in capsys.readouterr().err


def test_a_calibration_is_used_afterwards_or_refused(ready: Config, photos: dict[str, Path], tmp_path: Path) -> None:
    exported = Path(shutil.copytree(ready.output_dir / "export", tmp_path / "export"))
    (tmp_path / "checkpoints").symlink_to(ready.output_dir / "checkpoints")
    config = replace(ready, output_dir=tmp_path, model=replace(ready.model))
    with pytest.raises(UserError, match="4950 pairs of different people and 100 of the same are too few"):
        calibrate(replace(config, decision=DecisionConfig(false_accept=0.0001)))
    result = calibrate(replace(config, decision=DecisionConfig(false_accept=0.05, false_reject=0.1)))
    assert result["metrics"]["false_accept"]["share"] < 0.05
    answer = verify(config, photos["astronaut"], photos["again"])
    assert answer["thresholds"].startswith("calibrated on 4950 pairs")
    assert answer["prediction"] == "same"
    assert read_json(exported / "decision.json", "")["origin"] == answer["thresholds"]
    assert_whole(exported)


def test_the_server_answers_as_identify_does(ready: Config, photos: dict[str, Path], tmp_path: Path) -> None:
    config = replace(ready, gallery=replace(ready.gallery, file=tmp_path / "gallery.sqlite"))
    enroll(config, "Eileen", [photos["astronaut"]])
    with serving(make_service(config)) as url:
        faces = ask(url, "predict", photos["both"].read_bytes())["faces"]
        assert sorted(face["prediction"] for face in faces) == ["Eileen", "unknown"]
        forget(config, "Eileen")  # beside the server
        (face,) = ask(url, "predict", photos["astronaut"].read_bytes())["faces"]
        assert face["prediction"] == "unknown"
        assert ask(url, "predict", photos["cat"].read_bytes())["status"] == "no face"
        with pytest.raises(HTTPError) as refused:
            ask(url, "predict", b"no image")
        assert refused.value.code == 422
        assert "not an image" in refused.value.read().decode()


def test_trained_weights_have_nothing_to_try_out(ready: Config) -> None:
    with pytest.raises(UserError, match="has nothing to learn here; choose --model.head linear"):
        train(ready, trial="overfit")


def test_weights_that_learn_nothing_are_compared_with_a_small_network(ready: Config, tmp_path: Path) -> None:
    quick = replace(ready.training, epochs=2)
    run(replace(ready, output_dir=tmp_path, log_dir=tmp_path / "logs", training=quick))
    assert read_result(tmp_path / "small", "evaluate")["metrics"]["test"]["auc"] > 0.5
    page = (tmp_path / "report.html").read_text()
    assert "small, trained from scratch" in page
    assert "astronaut and astronaut, changed: same; astronaut and cameraman: different; astronaut and cat: no" in page
