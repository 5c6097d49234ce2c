"""The settings of the training loop, the same in every project."""

from dataclasses import dataclass
from typing import Literal

from shared.config import require

Trial = Literal["none", "one_batch", "overfit", "lr_find", "profile"]
"""Short trials in place of a training run."""


@dataclass
class TrainingConfig:
    """How long, how fast and in which precision to train."""

    epochs: int = 10
    """passes over the training split"""
    batch_size: int = 128
    """examples in one optimizer step"""
    learning_rate: float = 1e-3
    """the highest rate of the schedule"""
    weight_decay: float = 0.01
    """AdamW's decoupled decay (Loshchilov & Hutter 2019), for weights of two or more dimensions"""
    schedule: Literal["constant", "cosine", "one_cycle"] = "one_cycle"
    """cosine: warm-up, then half a cosine to zero; one_cycle: the same with momentum moving against it (Smith 2018)"""
    warmup_fraction: float = 0.25
    """the share of all steps in which the rate rises (cosine, one_cycle)"""
    ema_decay: float = 0.0
    """decay of the moving average of the weights that is validated and saved; 0 switches it off"""
    label_smoothing: float = 0.0
    """the share of the target spread evenly over all classes"""
    class_weights: Literal["none", "balanced", "sqrt"] = "none"
    """balanced: rare classes count as much as common ones; sqrt: half way there, on a logarithmic scale"""
    freeze_epochs: int = 0
    """the pretrained part of the network stays as it is for so many first epochs; the rest learns"""
    backbone_lr_scale: float = 1.0
    """the pretrained part learns at this multiple of the learning rate; 0.1 is usual for fine-tuning"""
    max_grad_norm: float = 0.0
    """largest norm of the gradient; 0 switches clipping off"""
    grad_accum_steps: int = 1
    """cut each batch into so many splits, one after the other, where it does not fit the device's memory"""
    patience: int = 0
    """stop after so many epochs without a better validation score; 0 never stops early"""
    log_every: int = 50
    """optimizer steps between two records of loss, learning rate and gradient norm in TensorBoard"""
    save_every: int = 0
    """save the state to go on from every so many steps; 0 saves it after each epoch only"""
    keep_every: int = 0
    """keep the state of every so many epochs in a file of its own; 0 keeps none"""
    max_to_keep: int = 3
    """so many of these files stay, the newest"""
    workers: int = 0
    """processes that prepare batches; 0 prepares them in the training process, best for data in memory"""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """bf16, fp16: autocast (pays on GPUs, bf16 also on CPUs with AMX; elsewhere it is slower); validation is in fp32"""
    compile: bool = False
    """torch.compile: a first step of a minute or so, then faster ones on most GPUs"""
    shard: bool = False
    """FSDP: each process holds only its share of weights and optimizer state, for networks too large for one device"""
    device: Literal["auto", "cpu"] = "auto"
    """auto: a GPU where there is one"""

    def __post_init__(self) -> None:
        require(self.epochs >= 1, "training.epochs", self.epochs, "1 or more")
        require(self.batch_size >= 1, "training.batch_size", self.batch_size, "1 or more")
        require(self.learning_rate > 0, "training.learning_rate", self.learning_rate, "above 0")
        require(self.weight_decay >= 0, "training.weight_decay", self.weight_decay, "0 or more")
        require(0 < self.warmup_fraction < 1, "training.warmup_fraction", self.warmup_fraction, "between 0 and 1")
        require(0 <= self.ema_decay < 1, "training.ema_decay", self.ema_decay, "at least 0 and below 1")
        require(0 <= self.label_smoothing < 1, "training.label_smoothing", self.label_smoothing, "at least 0, below 1")
        require(self.freeze_epochs >= 0, "training.freeze_epochs", self.freeze_epochs, "0 or more")
        require(self.backbone_lr_scale > 0, "training.backbone_lr_scale", self.backbone_lr_scale, "above 0")
        require(self.max_grad_norm >= 0, "training.max_grad_norm", self.max_grad_norm, "0 or more")
        require(self.grad_accum_steps >= 1, "training.grad_accum_steps", self.grad_accum_steps, "1 or more")
        require(self.log_every >= 1, "training.log_every", self.log_every, "1 or more")
        require(self.save_every >= 0, "training.save_every", self.save_every, "0 or more")
        require(self.keep_every >= 0, "training.keep_every", self.keep_every, "0 or more")
        require(self.max_to_keep >= 1, "training.max_to_keep", self.max_to_keep, "1 or more")
        require(self.workers >= 0, "training.workers", self.workers, "0 or more")
        require(self.patience >= 0, "training.patience", self.patience, "0 or more")
        require(not (self.shard and self.precision == "fp16"), "training.precision", "fp16", "fp32 or bf16 with shard")
