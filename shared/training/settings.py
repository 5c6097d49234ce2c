"""The settings of the training loop, the same in every project."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared.bounds import (
    HalfOpenUnitInterval,
    NonNegativeFloat,
    NonNegativeInt,
    OpenUnitInterval,
    PositiveFloat,
    PositiveInt,
)
from shared.config import require

Trial = Literal["none", "one_batch", "overfit", "lr_find", "profile"]
"""The short trials of `train --trial`, in shared/training/trials.py; here, because `--help` must not import PyTorch."""


@dataclass
class TrainingConfig:
    """How long, how fast and in which precision to train."""

    epochs: PositiveInt = 10
    """number of passes over the training split; more passes take longer and fit the training data closer"""
    min_steps: NonNegativeInt = 0
    """least number of optimizer steps: small data gets more epochs than training.epochs where those have fewer steps;
    higher values train small data longer; 0 adds none, and neither does a training.epochs in a flag or --config file"""
    batch_size: PositiveInt = 128
    """number of examples in one optimizer step; larger batches need more memory and usually a higher learning rate"""
    learning_rate: PositiveFloat = 1e-3
    """highest learning rate of the schedule; higher values learn faster, until the loss becomes unstable"""
    weight_decay: NonNegativeFloat = 0.01
    """AdamW's decoupled weight decay (Loshchilov & Hutter 2019) of parameters with two or more dimensions; higher
    values keep weights smaller, which counters overfitting"""
    schedule: Literal["constant", "cosine", "one_cycle"] = "one_cycle"
    """cosine: a warm-up, then half a cosine down to zero; one_cycle: the same, and momentum falls while the learning
    rate rises, then rises again (Smith 2018); constant: no change"""
    warmup_fraction: OpenUnitInterval = 0.25
    """fraction of all optimizer steps in which the learning rate rises (cosine, one_cycle)"""
    ema_decay: HalfOpenUnitInterval = 0.0
    """decay of the exponential moving average of the weights, which is validated and saved in place of the weights;
    higher values average over more steps; 0 switches the average off"""
    label_smoothing: HalfOpenUnitInterval = 0.0
    """probability that the target spreads evenly over all classes; higher values give less confident predictions"""
    class_weights: Literal["none", "balanced", "sqrt"] = "none"
    """weight of each class in the loss: balanced gives rare classes as much weight in all as common ones, sqrt takes
    the square root of those weights"""
    init_from: Path | None = None
    """checkpoint, or folder of a run, whose weights the network starts with: for other data or further classes; what
    does not fit begins anew, as does the last layer where the classes differ"""
    freeze_epochs: NonNegativeInt = 0
    """number of first epochs in which the pretrained part of the network is not trained; 0 trains it from the start"""
    unfreeze_epochs: NonNegativeInt = 0
    """number of epochs, after training.freeze_epochs, in which only the last layers of the pretrained part are trained,
    more of them in each epoch (gradual unfreezing); higher values change its first layers less; 0 trains all at once"""
    backbone_lr_scale: PositiveFloat = 1.0
    """learning rate of the pretrained part as a multiple of training.learning_rate; 0.1 is usual for fine-tuning"""
    max_grad_norm: NonNegativeFloat = 0.0
    """largest norm of the gradient, which is scaled down to it; higher values clip less; 0 switches clipping off"""
    grad_accum_steps: PositiveInt = 1
    """number of smaller batches that each batch is cut into, one after the other, where it does not fit into the
    device's memory; higher values need less memory and take longer"""
    patience: NonNegativeInt = 0
    """number of epochs without a better validation score after which training stops; 0 never stops early"""
    tracker: Literal["none", "mlflow", "wandb", "trackio"] = "none"
    """experiment tracker that also gets settings, curves and scores; TensorBoard and outputs/ have them in any case"""
    log_every: PositiveInt = 50
    """number of optimizer steps between two TensorBoard records of loss, learning rate and gradient norm"""
    save_every: NonNegativeInt = 0
    """number of optimizer steps between two checkpoints to resume from; 0 saves only at the end of an epoch"""
    keep_every: NonNegativeInt = 0
    """number of epochs between two checkpoints in separate files, epoch-<number>.safetensors; 0 writes none"""
    max_to_keep: PositiveInt = 3
    """largest number of checkpoints that training.keep_every keeps; the oldest is deleted first"""
    keep_runs: PositiveInt = 10
    """number of earlier runs that stay in output_dir/runs when another begins; the oldest is dropped first, but never
    one that is marked, exported or the best of its data"""
    workers: NonNegativeInt = 0
    """number of processes that prepare batches; 0 leaves it to the program: none, as that is best for data in memory or
    prepared on the disk, or one for each processor core where files are decoded on demand (data.cache)"""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """number format of the computation; bf16 and fp16 (autocast) are faster on GPUs, bf16 also on CPUs with AMX, and
    slower elsewhere; validation is always in fp32"""
    compile: bool = False
    """true: torch.compile; the first step takes about a minute, later ones are faster on most GPUs"""
    shard: bool = False
    """true: FSDP; each process holds only its share of weights and optimizer state, for networks that are too large
    for one device"""
    device: Literal["auto", "cpu"] = "auto"
    """auto: a GPU if there is one, else the CPU"""

    def __post_init__(self) -> None:
        require(not (self.shard and self.precision == "fp16"), "training.precision", "fp16", "fp32 or bf16 with shard")
