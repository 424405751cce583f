"""The face for people: frames in, frames out, errors that name the nearest real thing."""

import polars as pl
import pytest

import generec
from generec.data import write_dataset
from generec.errors import InputError, UsageError
from generec.recipe.frames import SCHEMA, export
from generec.recipe.histories import everybody, remembered_data, requests
from generec.types import Condition, Request
from small_world import PEOPLE, dataset, small_sasrec, trained


def test_users_of_the_data_get_what_the_waist_gives():
    system, data = trained(), dataset()
    table = generec.recommend(system, users=["u3", "newcomer", "u0"], k=4, data=data)
    assert table.schema == SCHEMA
    assert table["user_id"].unique(maintain_order=True).to_list() == ["u3", "newcomer", "u0"]
    for user in ("u3", "newcomer", "u0"):
        rows = data.events.filter(pl.col("user_id") == user)
        times = tuple(rows["timestamp"]) if rows.height else ()
        slate = system.recommend([Request(history=tuple(rows["item_id"]), times=times)], 4)[0]
        mine = table.filter(pl.col("user_id") == user)
        assert tuple(mine["item_id"]) == slate.item_ids
        assert tuple(mine["score"]) == pytest.approx(slate.scores, rel=1e-5)
        assert mine["rank"].to_list() == [1, 2, 3, 4]


def test_histories_of_people_never_seen_named_or_numbered():
    system = trained()
    table = generec.recommend(system, histories={"ann": ["i3", "i4"], "bob": []}, k=2)
    assert table["user_id"].to_list() == ["ann", "ann", "bob", "bob"]
    assert generec.recommend(system, histories=[["i3", "i4"], []], k=2)["user_id"].to_list() == ["0", "0", "1", "1"]
    assert generec.recommend(system, histories=[], k=2).equals(pl.DataFrame(schema=SCHEMA))


def test_filters_are_texts_or_conditions():
    system = trained()
    for filters in (["price < 5", "genres = lamp"], [Condition("price", "<", 5.0), "genres = lamp"]):
        table = generec.recommend(system, histories=[["i30"]], k=10, filters=filters)
        assert set(table["item_id"]) == {"i0"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "one of the two"),
        ({"users": ["u1"], "histories": [["i1"]]}, "one of the two"),
        ({"users": ["u333"]}, "did you mean 'u33'"),
        ({"users": "u1"}, r"\['u1'\]"),
        ({"histories": [["i333"]]}, "did you mean 'i33'"),
        ({"histories": [["i3"]], "filters": ["prise < 3"]}, "did you mean 'price'"),
        ({"histories": [["i3"]], "filters": "price < 3"}, "list of conditions"),
        ({"histories": [["i3"]], "filters": ["price"]}, "cannot read the condition"),
        ({"histories": [["i3"]], "k": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_answered_says_why(asked, expected):
    with pytest.raises(UsageError, match=expected):
        generec.recommend(trained(), **{"data": dataset(), **asked})


def test_the_data_are_found_where_they_were(tmp_path):
    folder = write_dataset(dataset(), tmp_path / "shop")
    system = trained()
    with pytest.raises(UsageError, match="--data DIR"):
        remembered_data(system)
    system.record = {**system.record, "data": {**system.record["data"], "directory": str(folder)}}
    assert generec.recommend(system, users=["u1"], k=1).height == 1
    assert generec.recommend(system, users=["u1"], k=1, data=folder).height == 1
    folder.rename(tmp_path / "moved")
    with pytest.raises(InputError, match=r"cannot be read: .*--data DIR"):
        generec.recommend(system, users=["u1"])
    assert generec.recommend(system, users=["u1"], k=1, data=tmp_path / "moved").height == 1


def test_negative_events_are_no_history_and_times_go_along_when_all_are_known():
    data = dataset()
    events = data.events.with_columns(
        pl.when(pl.int_range(pl.len()).over("user_id") == 2).then(pl.lit("skip")).otherwise("event").alias("event")
    ).with_columns(
        pl.when(pl.col("user_id") == "u1").then(None).otherwise("timestamp").alias("timestamp")
    )  # fmt: skip
    data = generec.Dataset(events, data.catalog, data.users, data.info)
    zero, one = next(requests(data, ["u0", "u1"]))
    rows = dataset().events.filter(pl.col("user_id") == "u0")
    assert zero.history == tuple(item for position, item in enumerate(rows["item_id"]) if position != 2)
    assert zero.times == tuple(time for position, time in enumerate(rows["timestamp"]) if position != 2)
    assert len(one.history) == 7
    assert one.times is None


def test_blocks_of_any_size_hold_the_same_requests():
    data = dataset(repeats=True)
    users = everybody(data)
    assert len(users) == PEOPLE + 1
    assert users[-1] == "newcomer"
    whole = next(requests(data, users, block=1000))
    assert [each for block in requests(data, users, block=7) for each in block] == whole
    assert all(each.repeat for each in whole)


def test_everybody_is_exported_as_each_is_answered_alone(tmp_path):
    system, data = trained(), dataset()
    people, rows = export(system, data, tmp_path / "all.parquet", k=3, filters=["price < 50"])
    assert (people, rows) == (PEOPLE + 1, 3 * (PEOPLE + 1))
    table = pl.read_parquet(tmp_path / "all.parquet")
    assert table.schema == SCHEMA
    for user in ("u0", "u17", "newcomer"):
        alone = generec.recommend(system, users=[user], k=3, filters=["price < 50"], data=data)
        mine = table.filter(pl.col("user_id") == user)
        assert mine["item_id"].to_list() == alone["item_id"].to_list()
        assert mine["score"].to_list() == pytest.approx(alone["score"].to_list(), abs=1e-4)


def test_an_export_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    system, data = trained(), dataset()
    target = tmp_path / "all.parquet"
    target.write_text("old")
    with pytest.raises(UsageError, match="--overwrite"):
        export(system, data, target)
    with pytest.raises(UsageError, match="name a file"):
        export(system, data, tmp_path)
    with pytest.raises(UsageError, match="did you mean 'price'"):
        export(system, data, target, filters=["prize < 3"], overwrite=True)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
    export(system, data, target, overwrite=True, k=1)
    assert pl.read_parquet(target).height == PEOPLE + 1
    assert list(tmp_path.iterdir()) == [target]


# fit


def test_fit_takes_a_data_set_or_frames(tmp_path):
    data = dataset()
    one = generec.fit(data, small_sasrec())
    two = generec.fit(data.events.drop("split"), small_sasrec(), items=data.catalog.frame)
    assert generec.recommend(one, histories=[["i3"]]).equals(generec.recommend(two, histories=[["i3"]]))
    renamed = data.events.drop("split").rename({"user_id": "customer"}).to_pandas()
    three = generec.fit(renamed, small_sasrec(), items=data.catalog.frame, mapping={"user_id": "customer"})
    assert generec.recommend(one, histories=[["i3"]]).equals(generec.recommend(three, histories=[["i3"]]))


def test_fit_says_what_it_learned_from():
    assert generec.fit(dataset(), small_sasrec(), refit=False).record["trained_on"] == "train"
    final = generec.fit(dataset(), small_sasrec(), final=True).record
    assert final["final"] is True
    assert final["trained_on"].startswith("all events")


def test_fit_refuses_what_does_not_go_together():
    with pytest.raises(UsageError, match="frame of events"):
        generec.fit(dataset(), small_sasrec(), items=dataset().catalog.frame)
    with pytest.raises(UsageError, match="auto, cpu or cuda"):
        generec.fit(dataset(), small_sasrec(), device="gpu")
    with pytest.raises(UsageError, match="did you mean 'leave-one-out'"):
        generec.fit(dataset(), small_sasrec(), split="leave-one")
    with pytest.raises(UsageError, match="pandas, polars or pyarrow"):
        generec.fit([("u", "i")], small_sasrec())
