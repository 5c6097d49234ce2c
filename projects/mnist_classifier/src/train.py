"""Train the network: train(config) -> metrics."""

from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from shared.config import to_plain
from shared.console import say
from shared.data.memory import Batch
from shared.files import require_writable
from shared.metrics.classification import training_metrics
from shared.results import write_result
from shared.seeding import seed_everything
from shared.training.log import RunLog
from shared.training.loop import Step, Task, fit
from src.config import PROJECT, Config
from src.dataloader import load_data, make_loaders
from src.utils import make_model


def train(config: Config) -> dict[str, Any]:
    """Train the network and keep the weights that do best on the validation part.

    Writes `outputs/checkpoints/{best,last}.safetensors`, `outputs/metrics.jsonl`, `outputs/train.json` and
    TensorBoard curves.
    """
    require_writable(config.output_dir)
    seed_everything(config.seed)
    data = load_data(config)
    loaders = make_loaders(data, config)
    model = make_model(config, data.classes)
    model.normalise.fit(data.parts.train["images"])
    parameters = sum(parameter.numel() for parameter in model.parameters())
    say(
        f"train: {config.model.name} with {parameters:,} parameters on {data.record.source} {data.counts}, "
        f"batches of {loaders.train.batch_size}, seed {config.seed}"
    )

    # What was used, not what was asked for, is what later verbs must use.
    config = replace(config, data=replace(config.data, source=data.record.source))
    about = {
        "config": to_plain(config, PROJECT),
        "classes": data.classes,
        "data": data.as_dict(),
        "seed": config.seed,
        "parameters": parameters,
    }
    task = Task(make_step(config.training.label_smoothing), training_metrics(len(data.classes)), monitor="accuracy")
    with RunLog(config.output_dir / "metrics.jsonl", config.log_dir) as log:
        result = fit(
            task,
            model,
            loaders.train,
            loaders.validation,
            config.training,
            log,
            config.output_dir / "checkpoints",
            about,
        )
    return write_result(
        config.output_dir,
        "train",
        seed=config.seed,
        data=data.as_dict(),
        metrics={"validation": result.metrics},
        seconds=result.seconds,
        device=result.device,
        best_epoch=result.best_epoch,
        steps=result.steps,
        batch_size=loaders.train.batch_size,
        parameters=parameters,
        history=result.history,
        config=about["config"],
    )


def make_step(label_smoothing: float) -> Step:
    """One step of classification: batch -> (loss, logits, labels)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["images"])
        return cross_entropy(logits, batch["labels"], label_smoothing=label_smoothing), logits, batch["labels"]

    return step
