"""Exploration inside one slate: several draws of what a person may like share its places.

Source: Eide, Leslie and Frigessi, "Dynamic slate recommendation with gated recurrent units and Thompson sampling"
(DMKD 2022), in-slate Thompson sampling.
"""

from __future__ import annotations

import numpy as np

from generec.create.sets.pool import Floats, Ints
from generec.errors import UsageError


def in_slate(draws: Floats, k: int) -> Ints:
    """Rows of a slate of k from scores (D, n) under D draws of the parameters: each ranks, and they fill in turns.

    First every draw's best, then every draw's second …; what is there already is skipped, so k distinct rows come back
    (n where n < k). D = 1 is plain Thompson sampling, and a single draw at the mean is greedy.
    """
    if draws.ndim != 2 or not len(draws) or k < 1:
        raise UsageError(f"a slate needs scores (draws, items) and at least one place, got {draws.shape} and {k}")
    ranked = np.argsort(-draws, axis=1, kind="stable")[:, :k]
    turns = ranked.T.ravel()  # rank-major: all draws' first choices, then all second choices
    _, first = np.unique(turns, return_index=True)
    return turns[np.sort(first)][:k].astype(np.int64)
