"""The settings every project has: a project's `Config` adds its own sections to them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from shared.bounds import Bounds, check_bounds
from shared.serving.settings import ServeConfig
from shared.training.settings import TrainingConfig


@dataclass
class BaseConfig:
    """What a project's `Config` inherits; once loaded, relative paths count from the project's folder."""

    NOT_TRAINED: ClassVar[tuple[str, ...]] = (
        *("output_dir", "log_dir", "data.root", "data.cache", "data.processed"),
        *("predict", "export", "serve", "stale_export"),
        *(f"training.{name}" for name in ("save_every", "keep_every", "max_to_keep", "keep_runs", "log_every")),
        *(f"training.{name}" for name in ("workers", "device", "tracker")),
    )
    """settings and sections that do not affect what is trained: they may change before a run is resumed"""

    IMPLIED: ClassVar[dict[str, dict[str, object]]] = {"training.epochs": {"training.min_steps": 0}}
    """settings that another one brings with it, where a file or flag sets that one: an own number of epochs counts"""

    seed: Annotated[int, Bounds(ge=0, lt=2**32)] = 0
    """decides the splits, the initial weights, the order and the augmentation; the same seed gives the same run"""
    output_dir: Path = Path("outputs")
    """the folder that checkpoints, results, the report and the exported model are written to"""
    log_dir: Path = Path("logs/tensorboard")
    """the folder that TensorBoard reads the curves from"""
    stale_export: Literal["warn", "refuse", "export"] = "warn"
    """what predict and serve do where the exported model is of other weights than the trained ones in output_dir: warn
    and use it, refuse it, or export the trained weights first"""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)

    def __post_init__(self) -> None:
        check_bounds(self)
        root: Path | None = getattr(getattr(self, "data", None), "root", None)
        if root and ("s3:" in root.parts or (root / "pack.csv").is_file()):
            from shared.data.packed import opened  # NumPy, which `--help` does without

            self.data.root = opened(root)  # type: ignore[attr-defined]


def model_path(project: Path, config: BaseConfig) -> Path:
    """Where the exported model is; it is named after the project's folder."""
    return config.output_dir / "export" / f"{project.name}.onnx"
