"""A pretrained Transformer with a new last layer: from an installed package, else from Hugging Face's hub."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging

from models.model import masked_mean
from shared.data.download import reachable
from shared.errors import UserError
from shared.files import file_digest
from shared.training.first_weights import Origin
from src.tokens import MINILM, PACKAGE, minilm_folder

# Of model.safetensors as published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HUB = "Hugging Face's hub"
HUB_ADDRESS = "https://huggingface.co"

logging.set_verbosity_error()  # its warnings are about layers that are left out on purpose
logging.disable_progress_bar()


class Pretrained(nn.Module):
    """A pretrained encoder, the mean of its last vectors, and a linear layer (Reimers & Gurevych 2019)."""

    def __init__(self, backbone: nn.Module, pad: int, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.pad = pad
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != self.pad  # [N, L]
        vectors = self.backbone(input_ids=ids, attention_mask=mask.long()).last_hidden_state  # [N, L, width]
        logits: Tensor = self.head(self.dropout(masked_mean(vectors, mask)))
        return logits

    def merge(self) -> None:
        """Add LoRA's matrices to the weights beside which they were trained, so that they cost no time any more."""
        if hasattr(self.backbone, "merge_and_unload"):
            self.backbone = self.backbone.merge_and_unload()


def make_pretrained(
    facts: dict[str, Any],
    pad: int,
    classes: int,
    *,
    dropout: float,
    tuning: str,
    lora_rank: int,
    weights: Mapping[str, Tensor] | None = None,
) -> Pretrained:
    """The network with a new last layer.

    Args:
        facts: the encoder's own configuration, as `load_pretrained` gives it.
        weights: those of the encoder; None leaves it at random ones.
        tuning: `full` trains the encoder but not its embeddings, `frozen` none of it, `lora` small matrices beside its
            weights (Hu et al. 2021).
    """
    settings = AutoConfig.for_model(**facts)
    backbone: nn.Module = AutoModel.from_config(settings)
    if hasattr(backbone, "pooler"):
        backbone.pooler = None  # it reads the first token only; the mean of all tokens takes its place
    if weights:
        backbone.load_state_dict(weights, strict=False)  # they have a pooler
    if tuning == "lora":
        # Twice the rank is the usual scale: another rank then needs no other learning rate.
        lora = LoraConfig(r=lora_rank, lora_alpha=2 * lora_rank, target_modules="all-linear", lora_dropout=0.0)
        backbone = get_peft_model(backbone, lora)  # type: ignore[arg-type, assignment]
    elif tuning == "full":
        # The embeddings are half of all weights. Training would move those of the words in the training texts only,
        # away from words of the same meaning that these texts lack.
        backbone.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
    elif tuning == "frozen":
        backbone.requires_grad_(False)
        for layer in backbone.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0  # noise in a part that does not learn helps nothing
    return Pretrained(backbone, pad, settings.hidden_size, classes, dropout)


@dataclass(frozen=True)
class Encoder:
    """A pretrained encoder as it was found."""

    facts: dict[str, Any]
    """Its configuration, enough to build it again without the package or the hub."""
    weights: dict[str, Tensor]
    tokenizer: str
    """The tokenizer that it was trained with, as the JSON of Hugging Face's `tokenizers`."""
    origin: Origin


def load_pretrained(name: str) -> Encoder:
    """Find an encoder with its tokenizer.

    Args:
        name: `MINILM`, which is in an installed package, or a name on Hugging Face's hub.

    Raises:
        UserError: the installed file is damaged, or the hub does not have the name or cannot be reached.
    """
    if name == MINILM:
        folder = minilm_folder()
        check_weights(folder / "model.safetensors")
        return _read(folder, Origin(f"the package {PACKAGE}", "Apache-2.0"))
    try:
        # Without a network, weights that were downloaded before are found by their folder; by name, the library would
        # ask the hub all the same.
        place = name if reachable(HUB_ADDRESS) else snapshot_download(name, local_files_only=True)
        return _read(place, Origin(f"{HUB}: {name}", "see its page", [f"the package {PACKAGE}: it has {MINILM} only"]))
    # The hub raises errors of many kinds.
    except Exception as error:
        raise UserError(
            f"model.pretrained {name} cannot be loaded from {HUB} ({type(error).__name__}); "
            f"correct the name, check the network, or use {MINILM}, which is installed."
        ) from error


def check_weights(path: Path) -> None:
    """Raise a UserError unless the file is MiniLM's as it was published."""
    if file_digest(path) != MINILM_SHA256:
        raise UserError(
            f"{path} is damaged or of another version (its SHA-256 is not {MINILM_SHA256[:12]}...); "
            f"reinstall {PACKAGE}."
        )


def _read(place: str | Path, origin: Origin) -> Encoder:
    model = AutoModel.from_pretrained(place, dtype=torch.float32, use_safetensors=True)
    tokenizer = AutoTokenizer.from_pretrained(place)
    facts = model.config.to_dict()
    return Encoder(_portable(facts), model.state_dict(), tokenizer.backend_tokenizer.to_str(), origin)


def _portable(facts: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the place it was read from."""
    return {key: value for key, value in facts.items() if key not in ("_name_or_path", "dtype", "transformers_version")}
