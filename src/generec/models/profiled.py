"""SASRec that has been told about the person: a profile's vector moves every state."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn.functional import normalize

from generec.errors import UsageError
from generec.models.sasrec import SasRec, SasRecModel
from generec.nn.conditioned import ConditionedContext
from generec.nn.ragged import row_of_token
from generec.types import Context, ItemIndex


class ProfiledSasRecModel(SasRecModel):
    """Learned state of `ProfiledSasRec`: an ItemEmbedder and an ItemScorer over conditioned contexts."""

    def __init__(self, spec: ProfiledSasRec, items: int, features: Tensor):
        super().__init__(spec.of, items, features)
        self.tell = nn.Sequential(
            nn.LayerNorm(spec.about, elementwise_affine=False), nn.Dropout(spec.dropout),
            nn.Linear(spec.about, spec.of.width, bias=False),
        )  # fmt: skip

    def hidden(self, context: Context, at: Tensor) -> Tensor:
        """Unit states after the packed positions `at`, (P, D). Raises UsageError for a context that tells nothing."""
        if not isinstance(context, ConditionedContext):
            raise UsageError("this model reads profiles; lay histories out with templates.profiled.Profiled")
        row = row_of_token(context.offsets)[at]
        return normalize(self.trunk(context, at) + self.tell(context.about)[row], dim=-1)


@dataclass(frozen=True, kw_only=True)
class ProfiledSasRec:
    """A linear map of the profile's frozen vector is added to the trunk's state: what a person is like, then now.

    Own design, in the place of GenUP's language model, which reads the profile as its system prompt.
    """

    about: int  # width of the profile's vector
    of: SasRec = field(default_factory=lambda: SasRec(residual_dropout=0.35))
    dropout: float = 0.3  # of the profile's entries

    def build(self, index: ItemIndex, features: Tensor) -> ProfiledSasRecModel:
        return ProfiledSasRecModel(self, len(index), features)
