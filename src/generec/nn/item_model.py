"""The one thing all trained models share besides being modules: their catalogue may grow."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from generec.types import ItemIndex


class ItemModel(nn.Module, ABC):
    """A trained model over a catalogue."""

    @abstractmethod
    def extend(self, index: ItemIndex, features: Tensor) -> None:
        """Makes room, in place, for items that were added after training.

        index and features (N + n, F) describe the whole catalogue, old rows first and unchanged.
        """
