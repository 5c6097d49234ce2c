"""The loop learns, repeats bit for bit, keeps the best, and stops before it saves nonsense."""

import itertools
import json
import shutil
import time
from collections import OrderedDict
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from resumable import clouds, noisy, plain_step, train_here
from torch import nn
from torch.nn.functional import cross_entropy
from training_runs import curves

from shared.data.memory import TensorBatches, ordered_loader, shuffled_loader
from shared.errors import UserError
from shared.metrics.classification import training_metrics
from shared.seeding import generator, seed_everything
from shared.settings import BaseConfig
from shared.training.checkpoint import load_checkpoint, load_state, save_state, state_to_resume, unflatten_state
from shared.training.files import best_checkpoint, epoch_checkpoint, epoch_checkpoints, last_checkpoint
from shared.training.log import RunLog
from shared.training.loop import Task, close_epoch, evaluate, restore_best, train_step
from shared.training.losses import class_weights, classification_loss
from shared.training.optimization import WeightAverage, freeze, make_optimizer, make_schedule
from shared.training.settings import TrainingConfig
from shared.training.setup import start
from shared.training.state import Progress, TrainingState

CONFIG = TrainingConfig(epochs=4, batch_size=32, learning_rate=0.02, device="cpu")


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def run(folder: Path, config: TrainingConfig = CONFIG, seed: int = 0, **options: Any) -> Progress:
    return train_here(folder, network, config, {"seed": seed}, seed=seed, augment=noisy, **options)


def files(folder: Path) -> list[bytes]:
    return [best_checkpoint(folder).read_bytes(), (folder / "metrics.jsonl").read_bytes()]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Progress]:
    """A run with the plain configuration and the seed 0: its folder, and how far it came."""
    folder = tmp_path_factory.mktemp("done")
    return folder, run(folder)


def test_it_learns(done: tuple[Path, Progress]) -> None:
    losses = [record["train/loss"] for record in done[1].history]
    assert losses[-1] < 0.6 * losses[0]
    assert done[1].best_metrics["accuracy"] > 0.93


def test_a_run_repeats_bit_for_bit_and_another_seed_differs(done: tuple[Path, Progress], tmp_path: Path) -> None:
    for seed in (0, 1):
        run(tmp_path / str(seed), seed=seed)
    assert files(tmp_path / "0") == files(done[0])
    assert all(mine != other for mine, other in zip(files(tmp_path / "1"), files(done[0]), strict=True))


def test_validation_does_not_change_the_training(done: tuple[Path, Progress], tmp_path: Path) -> None:
    run(tmp_path, validation_examples=10)
    small, large = (load_checkpoint(last_checkpoint(folder)).tensors for folder in (tmp_path, done[0]))
    assert all(torch.equal(small[name], large[name]) for name in small)


def test_measuring_counts_every_example_once_and_draws_no_randomness() -> None:
    model = network()
    data = clouds(3, 250)
    before = torch.get_rng_state()
    task, loader = Task(plain_step, training_metrics(2), "accuracy"), ordered_loader(TensorBatches(data), 100)
    measured = evaluate(task, model, loader, torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), before)
    with torch.no_grad():
        logits = model.eval()(data["points"])
    assert measured["accuracy"] == pytest.approx(float((logits.argmax(1) == data["labels"]).float().mean()))
    assert measured["loss"] == pytest.approx(float(cross_entropy(logits, data["labels"])), rel=1e-5)


def test_of_epochs_with_equal_scores_the_one_with_the_lower_loss_is_the_best() -> None:
    progress, kept = Progress(), []
    for score, loss in [(0.9, 0.5), (0.9, 0.3), (0.9, 0.4), (0.8, 0.1)]:
        progress.batch = 1
        kept.append(close_epoch(progress, {"accuracy": score, "loss": loss}, "accuracy"))
    assert kept == [True, True, False, False]
    assert progress.best_epoch == 2


def test_the_best_and_the_last_weights_are_kept(done: tuple[Path, Progress]) -> None:
    folder, result = done
    best, last = load_checkpoint(best_checkpoint(folder)), load_checkpoint(last_checkpoint(folder))
    ranks = [(record["validation/accuracy"], -record["validation/loss"]) for record in result.history]
    assert best.metadata["epoch"] == result.best_epoch == 1 + ranks.index(max(ranks))
    best.load_into(network())
    state = unflatten_state(last.metadata["state"], last.tensors)
    assert state["progress"]["epoch"] == CONFIG.epochs
    network().load_state_dict(state["network"])


def test_the_log_has_a_record_an_epoch_and_no_clock_times(done: tuple[Path, Progress]) -> None:
    folder, result = done
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [record | {"seconds": 0} for record in records] == [record | {"seconds": 0} for record in result.history]
    assert [record["step"] for record in records] == [8, 16, 24, 32]
    assert "seconds" not in records[0]
    assert list((folder / "tensorboard").rglob("events.*"))


@pytest.mark.parametrize("changes", [{"precision": "fp32"}, {"precision": "fp16"}, {"max_grad_norm": 0.5}])
def test_the_log_of_steps_has_the_true_gradient_and_changes_no_weight(
    changes: dict[str, object], tmp_path: Path
) -> None:
    config = replace(CONFIG, epochs=2, **changes)  # type: ignore[arg-type]
    for name, log_every in (("often", 3), ("seldom", 1000)):
        run(tmp_path / name, replace(config, log_every=log_every))
    for path in (best_checkpoint, last_checkpoint):
        often, seldom = (load_checkpoint(path(tmp_path / folder)).tensors for folder in ("often", "seldom"))
        assert all(torch.equal(often[key], seldom[key]) for key in often)
    found = curves(tmp_path / "often")
    assert [step for step, _ in found["step/loss"]] == [0, 3, 6, 9, 12, 15]
    assert max(rate for _, rate in found["step/learning_rate"]) <= CONFIG.learning_rate
    seed_everything(0)
    model = network()
    first = next(iter(shuffled_loader(TensorBatches(clouds(1), noisy, 0), CONFIG.batch_size)))
    loss, _, _ = plain_step(model, first)
    loss.backward()
    norm = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]).norm()
    assert found["step/loss"][0] == (0, pytest.approx(loss.item(), rel=1e-2))
    assert found["step/grad_norm"][0] == (0, pytest.approx(norm.item(), rel=5e-2))


@pytest.mark.parametrize("closed", [True, False])
def test_a_resumed_log_has_each_point_once(closed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is killed in step 11, and resumes from after step 10, before or after the validation of its epoch."""
    # The files are read in the order of their names, which begin with the second.
    monkeypatch.setattr(time, "time", itertools.count(1_700_000_000).__next__)
    before = Progress(step=10, batch=10, loss_sum=5.0, log_name="one")
    after = replace(before, history=[])
    close_epoch(after, {"accuracy": 0.9, "loss": 0.5}, "accuracy")
    progress = replace(before, batch=0, step=0)
    for _ in range(2):
        with closing(RunLog(tmp_path, tmp_path / "tensorboard", progress)) as log:
            for index in range(progress.step, 10):
                log.write_step(index, {"loss": 1.0})
            if progress is not after:
                log.write_epoch(after, 2)
            log.write_step(10, {"loss": 2.0})
        progress = after if closed else before
    found = curves(tmp_path)
    assert found["step/loss"] == [(index, 1.0) for index in range(10)] + [(10, 2.0)]
    assert [step for step, _ in found["train/loss"]] == [10]


def test_states_of_an_earlier_longer_run_do_not_push_out_new_ones(tmp_path: Path) -> None:
    run(tmp_path, replace(CONFIG, epochs=4, keep_every=1, max_to_keep=2))
    run(tmp_path, replace(CONFIG, epochs=2, keep_every=1, max_to_keep=2), seed=1)
    kept = epoch_checkpoints(tmp_path)
    assert [path.stem for path in kept] == ["epoch-0001", "epoch-0002", "epoch-0003", "epoch-0004"]
    assert [load_checkpoint(path).metadata["seed"] for path in kept] == [1, 1, 0, 0]


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_state(
    done: tuple[Path, Progress], tmp_path: Path
) -> None:
    shutil.copytree(done[0], tmp_path, dirs_exist_ok=True)
    with pytest.raises(UserError, match="the training loss became nan in epoch 1; lower --training.learning_rate"):
        run(tmp_path, replace(CONFIG, learning_rate=1e30))
    assert files(tmp_path) == files(done[0])


def test_patience_stops_early(tmp_path: Path) -> None:
    result = run(tmp_path, replace(CONFIG, epochs=50, patience=2))
    assert len(result.history) == result.best_epoch + 2 < 50


OPTIONS = [("precision", "bf16"), ("precision", "fp16"), ("ema_decay", 0.9), ("max_grad_norm", 0.5)]
OPTIONS += [("schedule", "cosine"), ("schedule", "constant"), ("weight_decay", 0.0)]
SLOW = [pytest.param("compile", True, marks=pytest.mark.long)]


@pytest.mark.parametrize(("key", "value"), OPTIONS + SLOW)
def test_it_learns_with_each_option(key: str, value: object, tmp_path: Path) -> None:
    assert run(tmp_path, replace(CONFIG, **{key: value})).best_metrics["accuracy"] > 0.93  # type: ignore[arg-type]


def test_a_batch_cut_into_parts_gives_the_same_step() -> None:
    """Without batch norm and dropout, which see each part alone, only rounding differs."""
    weights = []
    for parts in (1, 3):
        torch.manual_seed(0)
        model = nn.Linear(2, 2)
        config = replace(CONFIG, grad_accum_steps=parts)
        state = start(model, 8, config)
        loss, _ = train_step(plain_step, state, clouds(1, 32), config)
        weights.append(torch.cat([model.weight.detach().flatten(), loss[None]]))
    torch.testing.assert_close(weights[0], weights[1])


def test_the_best_weights_so_far_come_along_into_another_folder(
    done: tuple[Path, Progress], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, best = done[0], done[1].best_epoch
    progress = Progress(best_epoch=best, best_metrics={"accuracy": 1.0, "loss": 0.0})
    restore_best(progress, last_checkpoint(folder), tmp_path)
    assert best_checkpoint(tmp_path).read_bytes() == best_checkpoint(folder).read_bytes()
    assert progress.best_metrics
    progress.best_epoch = best + 1
    restore_best(progress, last_checkpoint(folder), tmp_path)
    assert f"the weights of epoch {best + 1}, the best so far, are gone" in capsys.readouterr().err
    assert close_epoch(replace(progress, batch=1), {"accuracy": 0.0, "loss": 9.0}, "accuracy")


def test_a_state_to_go_on_from_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a state to resume from; add --resume, or leave it out"):
        state_to_resume(tmp_path, resume=False, named=tmp_path / "last.safetensors")


def test_clipping_bounds_the_gradient(tmp_path: Path) -> None:
    """AdamW's second moment is a mean of squared gradients, so it stays below the square of the bound."""
    run(tmp_path, replace(CONFIG, max_grad_norm=1e-3))
    tensors = load_checkpoint(last_checkpoint(tmp_path)).tensors
    seconds = [tensor for name, tensor in tensors.items() if name.endswith("exp_avg_sq")]
    assert max(float(tensor.max()) for tensor in seconds) < 1e-6


def rates(config: TrainingConfig, steps: int, backbone: str = "") -> list[dict[bool, float]]:
    """The learning rates of all steps, of the pretrained part (True) and the rest (False)."""
    optimizer = make_optimizer(network(), config, backbone)
    schedule = make_schedule(optimizer, config, steps)
    seen = []
    for _ in range(steps):
        seen.append({bool(group["layer"]): group["lr"] for group in optimizer.param_groups})
        optimizer.step()
        schedule.step()
    return seen


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "constant"])
def test_schedules_rise_and_fall_to_nothing_and_the_pretrained_part_learns_at_its_own_rate(schedule: Any) -> None:
    config = replace(CONFIG, schedule=schedule, warmup_fraction=0.3, backbone_lr_scale=0.1)
    seen = rates(config, 100, backbone="0")
    rest = [rate[False] for rate in seen]
    assert [rate[True] for rate in seen] == pytest.approx([0.1 * rate for rate in rest])
    assert max(rest) == pytest.approx(config.learning_rate)
    if schedule == "constant":
        return
    assert 28 <= rest.index(max(rest)) <= 31
    assert rest[0] < 0.1 * config.learning_rate
    assert rest[-1] < 0.001 * config.learning_rate


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.25), (2, 0.5), (4, 0.25), (5, 0.2), (10, 0.1)])
def test_a_run_of_few_steps_has_finite_rates(steps: int, warmup: float) -> None:
    seen = rates(replace(CONFIG, warmup_fraction=warmup), steps)
    assert all(0 < rate[False] <= CONFIG.learning_rate for rate in seen)


def test_the_pretrained_part_waits_while_it_is_frozen(tmp_path: Path) -> None:
    """Part 1 is a batch norm: its weights and its running statistics stay as they came, then both move."""
    config = replace(CONFIG, epochs=2, freeze_epochs=1, keep_every=1)
    run(tmp_path, config, backbone="1")
    for epoch, waits in ((1, True), (2, False)):
        state = load_checkpoint(epoch_checkpoint(tmp_path, epoch))
        network = unflatten_state(state.metadata["state"], state.tensors)["network"]
        assert torch.equal(network["1.weight"], torch.ones(8)) == waits
        assert torch.equal(network["1.running_mean"], torch.zeros(8)) == waits
        assert network["4.bias"].abs().max() > 0


def test_what_the_project_froze_for_good_stays_frozen() -> None:
    model = network()
    model[0].bias.requires_grad_(False)
    state = start(model, 8, CONFIG, backbone="0")
    for epoch in (0, 1):
        freeze(model, "0", state.optimizer, replace(CONFIG, freeze_epochs=1), epoch)
        assert model[0].weight.requires_grad == (epoch == 1)
        assert not model[0].bias.requires_grad


LAYERS = ["stem", "blocks.0", "blocks.1", "norm"]


def test_the_pretrained_part_thaws_from_its_last_layer_to_its_first() -> None:
    blocks = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout()) for _ in range(2)))
    part = nn.Sequential(OrderedDict(stem=nn.Linear(2, 8), blocks=blocks, norm=nn.BatchNorm1d(8)))
    model, config = nn.Sequential(part, nn.Linear(8, 2)), replace(CONFIG, freeze_epochs=1, unfreeze_epochs=2)
    state, seen = start(model, 8, config, backbone="0"), []
    for epoch in range(5):
        model.train()
        freeze(model, "0", state.optimizer, config, epoch)
        learning = {name: all(one.requires_grad for one in part.get_submodule(name).parameters()) for name in LAYERS}
        assert all(part.get_submodule(name).training == learns for name, learns in learning.items())
        seen.append([name for name, learns in learning.items() if learns])
    assert seen == [[], LAYERS[2:], LAYERS[1:], LAYERS, LAYERS]


def test_settings_of_a_pretrained_part_change_nothing_without_one_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = start(network(), 8, replace(CONFIG, unfreeze_epochs=1, backbone_lr_scale=0.1))
    assert {group["lr"] for group in state.optimizer.param_groups} == {
        group["lr"] for group in start(network(), 8, CONFIG).optimizer.param_groups
    }
    said = capsys.readouterr().err.replace("\n", " ")
    assert "training.unfreeze_epochs 1 and training.backbone_lr_scale 0.1 change nothing" in said


def test_a_batch_of_one_example_is_refused_where_batch_norm_needs_two() -> None:
    with_norm = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    state = start(with_norm, 8, CONFIG)
    with pytest.raises(UserError, match=r"single example.*training.batch_size"):
        train_step(plain_step, state, clouds(1, 1), CONFIG)


def test_class_weights_and_smoothing_reach_the_loss_also_of_a_batch_cut_into_parts() -> None:
    labels, logits = torch.tensor([0, 0, 0, 0, 0, 1]), torch.randn(6, 2, generator=generator(0))
    loss = classification_loss(labels, 2, replace(CONFIG, class_weights="balanced", label_smoothing=0.1))
    weights = torch.tensor([6 / 10, 6 / 2])
    wanted = cross_entropy(logits, labels, weight=weights, label_smoothing=0.1, reduction="none").mean()
    torch.testing.assert_close(loss(logits, labels), wanted)
    parts = loss(logits[:4], labels[:4]) * 4 / 6 + loss(logits[4:], labels[4:]) * 2 / 6
    torch.testing.assert_close(parts, wanted)


def test_class_weights() -> None:
    counts = torch.tensor([90, 10, 0])
    none, balanced, root = (class_weights(counts, kind) for kind in ("none", "balanced", "sqrt"))
    assert none is None
    torch.testing.assert_close(balanced, torch.tensor([50 / 90, 5.0, 0.0]))
    assert root[1] / root[0] == pytest.approx(3.0)
    assert (root * counts).sum() / 100 == pytest.approx(1.0)


def test_only_weights_of_two_or_more_dimensions_decay() -> None:
    decaying, plain = make_optimizer(network(), CONFIG).param_groups
    assert {parameter.ndim for parameter in decaying["params"]} == {2}
    assert {parameter.ndim for parameter in plain["params"]} == {1}
    assert plain["weight_decay"] == 0


def test_the_average_follows_the_weights_and_their_buffers() -> None:
    model = nn.BatchNorm1d(1)
    average = WeightAverage(model, 0.9)
    average.update()
    with torch.no_grad():
        model.weight.fill_(11.0)
        model.running_mean.fill_(10.0)
    average.update()  # the second update has the decay 1 / (9 + 1)
    assert average.model.weight.item() == pytest.approx(1 + 10 * 0.9)
    assert average.model.running_mean.item() == pytest.approx(10 * 0.9)
    assert model.weight.item() == 11.0
    assert WeightAverage(model, 0.0).model is model, "without a decay it is the network itself"


def test_an_optimizer_read_from_a_file_steps_like_the_one_that_was_saved(tmp_path: Path) -> None:
    """A kernel's numbers lie channels last in memory and in plain order in the file; its moments must not be mixed."""
    seed_everything(0)
    images = torch.randn(4, 3, 8, 8)
    states = [start(nn.Conv2d(3, 5, 3), 10, CONFIG) for _ in range(2)]
    states[1].network.load_state_dict(states[0].network.state_dict())

    def steps(state: TrainingState, count: int) -> None:
        for _ in range(count):
            state.model(images).square().sum().backward()
            state.optimizer.step()
            state.optimizer.zero_grad()

    steps(states[0], 3)
    save_state(tmp_path / "state.safetensors", states[0].state_dict(), {})
    states[1].load_state_dict(load_state(tmp_path / "state.safetensors", {}))
    for state in states:
        steps(state, 3)
    assert torch.equal(states[0].network.weight, states[1].network.weight)


@pytest.mark.parametrize(
    ("key", "value"), [("epochs", 0), ("learning_rate", 0.0), ("ema_decay", 1.0), ("warmup_fraction", 1.0)]
)
def test_settings_out_of_range_are_named(key: str, value: float) -> None:
    with pytest.raises(UserError, match=f"training.{key} is {value}, but must be"):
        BaseConfig(training=TrainingConfig(**{key: value}))  # type: ignore[arg-type]
