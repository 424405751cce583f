"""Semantic IDs from a residual-quantised autoencoder (TIGER, Rajput et al. 2023, section 3.1)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from generec.errors import UsageError
from generec.fitting.loop import Optimisation, Run, optimise
from generec.nn.quantizer import kmeans, nearest, residual_codes, residual_sum
from generec.tokenizers.collisions import AppendLevel, Codes, Collisions
from generec.tokenizers.gradients import GradientEstimator, StraightThrough
from generec.tokenizers.quantized import QuantizedTokenizer, ResidualQuantizer, check_features
from generec.types import Events

_REVIVE = 50  # steps between two looks for dead codes
_BLOCK = 4096  # items encoded at once


@dataclass(frozen=True, kw_only=True)
class RQVAE:
    """Learns latents that residual codes describe well: reconstruction + codebook + beta x commitment loss.

    Codebooks start as k-means of the latents, and codes that no item of the last 50 steps chose move to random latents.
    Deviations from TIGER: a plain autoencoder is trained first, so that k-means finds latents that mean something (on
    product titles a third more neighbours are kept at equal cost); one hidden layer; features are standardised; AdamW
    instead of Adagrad; gradient estimators to choose from. A catalogue smaller than `size` gets one code per item.
    Randomness comes from torch's generator.
    """

    levels: int = 3
    size: int = 256
    latent: int = 32
    """Width in which codes live."""
    hidden: tuple[int, ...] = (256,)
    """Widths between features and latents; the decoder mirrors them."""
    beta: float = 0.25
    """Weight of the commitment loss."""
    warm_up: int = 20
    """Epochs of the plain autoencoder, before there are codes."""
    epochs: int = 40
    """Epochs with codes."""
    batch: int = 256
    learning_rate: float = 1e-3
    gradient: GradientEstimator = field(default_factory=StraightThrough)
    collisions: Collisions = field(default_factory=AppendLevel)

    def fit(self, features: Tensor, train: Events) -> QuantizedTokenizer:
        if min(self.levels, self.size, self.latent, self.epochs, self.batch) < 1 or self.warm_up < 0:
            raise UsageError(f"levels, size, latent, epochs and batch must be at least 1, warm_up 0, got {self}")
        check_features(features)
        features = features.float()
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model = ResidualAutoencoder(self, features.shape[1], min(self.size, len(features))).to(device)
        model.standardise(features.to(device))
        settings = Optimisation(
            epochs=self.epochs, batch_tokens=self.batch, learning_rate=self.learning_rate, betas=(0.9, 0.999)
        )
        run = Run(seed=int(torch.randint(2**31, ())), device=device)
        if self.warm_up:
            plain = replace(settings, epochs=self.warm_up, decay_from=1.0)
            optimise(model, model.plain_loss, _Rows(features), plain, run, name="autoencoder")
        model.start(features.to(device))
        optimise(model, model.loss, _Rows(features), settings, run, name="rq-vae")
        quantizer = LatentQuantizer(model.cpu().eval())
        return QuantizedTokenizer.fit(quantizer, self.collisions, features, quantizer.codes(features))

    def restore(self, state: Mapping[str, Tensor]) -> QuantizedTokenizer:
        weights = {name.removeprefix("model."): value for name, value in state.items() if name.startswith("model.")}
        model = ResidualAutoencoder(self, len(weights["mean"]), weights["codebooks"].shape[1])
        model.load_state_dict(weights, strict=True)
        return QuantizedTokenizer.restore(LatentQuantizer(model.eval()), self.collisions, state)


@dataclass(frozen=True)
class _Feature:
    rows: Tensor  # (n, D)

    def to(self, device: torch.device) -> _Feature:
        return _Feature(self.rows.to(device))


@dataclass(frozen=True)
class _Rows:
    """Every item once per epoch."""

    features: Tensor

    @property
    def lengths(self) -> Tensor:
        return torch.ones(len(self.features), dtype=torch.int64)

    def collate(self, rows: Tensor) -> _Feature:
        return _Feature(self.features[rows])


class ResidualAutoencoder(nn.Module):
    """Features (n, D) -> latents (n, d) -> codes (n, L) -> latents -> features."""

    mean: Tensor
    scale: Tensor
    chosen: Tensor
    steps: Tensor

    def __init__(self, part: RQVAE, width: int, size: int):
        super().__init__()
        self.beta, self.gradient = part.beta, part.gradient
        widths = (width, *part.hidden, part.latent)
        self.encoder, self.decoder = _layers(widths), _layers(widths[::-1])
        self.codebooks = nn.Parameter(torch.zeros(part.levels, size, part.latent))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("chosen", torch.zeros(part.levels, size, dtype=torch.bool))  # since the last look
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def standardise(self, features: Tensor) -> None:
        """From now on features are read relative to the mean and spread of these."""
        self.mean.copy_(features.mean(0))
        self.scale.copy_((features - self.mean).square().mean().sqrt().clamp(min=1e-9))

    @torch.no_grad()
    def start(self, features: Tensor) -> None:
        """Lays the codebooks on the latents of these features."""
        left = self.encode(features)
        for codebook in self.codebooks:
            found = kmeans(left, len(codebook), iterations=10, seed=int(torch.randint(2**31, ())))
            codebook.copy_(found.centroids)
            left = left - found.centroids[found.codes]

    def encode(self, features: Tensor) -> Tensor:
        latents: Tensor = self.encoder((features - self.mean) / self.scale)
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        rows: Tensor = self.decoder(latents)
        return rows * self.scale + self.mean

    def plain_loss(self, batch: _Feature) -> Tensor:
        """Squared error of the standardised features without codes."""
        target = (batch.rows - self.mean) / self.scale
        errors: Tensor = self.decoder(self.encoder(target)) - target
        return errors.square().mean()

    def loss(self, batch: _Feature) -> Tensor:
        """Squared errors of the standardised features, codebook and commitment loss; sums, divided by the width."""
        latents = self.encode(batch.rows)
        if self.training:
            self._revive(latents.detach())
        left, quantised = latents, torch.zeros_like(latents)
        commitment = torch.zeros((), device=latents.device)
        for level in range(len(self.codebooks)):
            codes = nearest(left.detach(), self.codebooks[level].detach())
            self.chosen[level, codes] = True
            vectors = self.codebooks[level, codes]
            commitment = commitment + (vectors - left.detach()).square().sum(1).mean()
            commitment = commitment + self.beta * (left - vectors.detach()).square().sum(1).mean()
            left, quantised = left - vectors.detach(), quantised + vectors.detach()
        target = (batch.rows - self.mean) / self.scale
        errors: Tensor = self.decoder(self.gradient(latents, quantised)) - target
        return errors.square().mean() + commitment / target.shape[1]

    @torch.no_grad()
    def _revive(self, latents: Tensor) -> None:
        """Now and then, moves codes that nobody chose since to random vectors of their level."""
        self.steps += 1
        if int(self.steps) % _REVIVE:
            return
        left = latents
        for level, codebook in enumerate(self.codebooks):
            dead = (~self.chosen[level]).nonzero().squeeze(1)
            codebook[dead] = left[torch.randint(len(left), (len(dead),)).to(left.device)]
            left = left - codebook[nearest(left, codebook)]
        self.chosen.fill_(False)


@dataclass(frozen=True)
class LatentQuantizer:
    """Residual codes of latents."""

    model: ResidualAutoencoder

    @property
    def residual(self) -> ResidualQuantizer:
        return ResidualQuantizer(tuple(self.model.codebooks.detach().unbind()))

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.residual.sizes

    @torch.no_grad()
    def codes(self, features: Tensor) -> Tensor:
        books = self.residual.codebooks
        blocks = [residual_codes(self.model.encode(block.float()), books) for block in torch.split(features, _BLOCK)]
        return torch.cat(blocks) if blocks else torch.empty(0, len(books), dtype=torch.int64)

    @torch.no_grad()
    def costs(self, feature: Tensor, prefix: Codes) -> Tensor:
        return self.residual.costs(self.model.encode(feature.float().unsqueeze(0))[0], prefix)

    @torch.no_grad()
    def vectors(self, codes: Tensor) -> Tensor:
        return self.model.decode(residual_sum(codes, self.residual.codebooks))

    def state(self) -> dict[str, Tensor]:
        return {f"model.{name}": value for name, value in self.model.state_dict().items()}


def _layers(widths: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
