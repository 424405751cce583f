"""Items like an item: against a slow twin, for each kind of likeness."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cosine_similarity

from generec.errors import UsageError
from small_world import trained


def naive(vectors, row, allowed, k):
    scored = [
        (float(cosine_similarity(vectors[row], vectors[other], dim=0)), other) for other in allowed if other != row
    ]
    return [other for _, other in sorted(scored, key=lambda pair: -pair[0])][:k]


def test_by_features_as_a_loop_over_cosines_finds_them():
    system = trained("one_pass")
    system.remove(["i7", "i12"])
    allowed = [row for row in range(60) if row not in (7, 12)]
    for slate, row in zip(system.similar([f"i{row}" for row in range(60)], 5), range(60), strict=True):
        assert slate.note == "by the items' features"
        expected = [float(cosine_similarity(system.features[row], system.features[other], dim=0))
                    for other in naive(system.features, row, allowed, 5)]  # fmt: skip
        assert slate.scores == pytest.approx(expected, abs=1e-5)
        assert f"i{row}" not in slate.item_ids
        assert not {"i7", "i12"} & set(slate.item_ids)


def test_lamps_are_like_lamps():
    system = trained("one_pass")
    slate = system.similar(["i0"], 5)[0]
    assert all(title.startswith("lamp") for title in system.catalog.titles(slate.item_ids))


def test_without_features_by_the_vectors_of_the_model():
    system = trained("sasrec")
    slate = system.similar(["i3"], 4)[0]
    vectors = system.model.item_vectors().detach()
    assert [int(item[1:]) for item in slate.item_ids] == naive(vectors, 3, range(60), 4)
    assert slate.note == "by the model's item vectors"


def test_without_either_by_shared_leading_codes_then_by_use():
    system = trained("one_pass")
    system = replace(system, features=torch.zeros(60, 0))
    codes, activity = system.index.ids.codes.tolist(), system.activity.tolist()

    def shared(row, other):
        same = 0
        for left, right in zip(codes[row], codes[other], strict=True):
            if left != right:
                break
            same += 1
        return same

    for row in (0, 13, 59):
        slate = system.similar([f"i{row}"], 8)[0]
        others = sorted((other for other in range(60) if other != row), key=lambda o: (-shared(row, o), -activity[o]))[
            :8
        ]
        assert slate.scores == tuple(float(shared(row, other)) for other in others)
        assert [activity[int(item[1:])] for item in slate.item_ids] == [activity[other] for other in others]


def test_a_slate_ends_where_the_catalogue_does():
    system = trained("sasrec")
    system.remove([f"i{row}" for row in range(4, 60)])
    assert set(system.similar(["i0"], 10)[0].item_ids) == {"i1", "i2", "i3"}
    assert set(system.similar(["i50"], 10)[0].item_ids) == {"i0", "i1", "i2", "i3"}


def test_unknown_items_and_empty_slates_are_refused():
    system = trained("sasrec")
    with pytest.raises(UsageError, match="did you mean 'i33'"):
        system.similar(["i333"])
    with pytest.raises(UsageError, match="at least 1"):
        system.similar(["i3"], 0)
    assert system.similar([], 3) == []
