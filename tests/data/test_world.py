from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import polars as pl
import pytest

from generec.data.conditions import mask, parse
from generec.data.dataset import fingerprint, read_dataset, write_dataset
from generec.data.split import split
from generec.data.world import Behaviour, World, make_world
from generec.data.world.items import DAY, DAYS, START
from generec.data.world.manners import FACETS, manners, sizes
from generec.data.world.reader import frozen_reader
from generec.data.world.topics import subtopics, topics
from generec.errors import UsageError


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1 / first.size)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    there = table > 0
    return float((table[there] * np.log(table[there] / expected[there])).sum())


def excess_information(first: np.ndarray, second: np.ndarray, groups: np.ndarray) -> float:
    """Mutual information beyond that of a random pairing of the groups (items of a series go together)."""
    _, one = np.unique(groups, return_index=True)
    first, second = first[one], second[one]
    generator = np.random.default_rng(0)
    null = [mutual_information(first, generator.permutation(second)) for _ in range(20)]
    return mutual_information(first, second) - float(np.mean(null))


def test_the_vocabulary_is_complete_and_nothing_stands_twice() -> None:
    assert len(topics()) == 12
    assert len(subtopics()) == 60
    assert sizes() == (5, 3, 3, 3)
    assert all(len(leaf.subjects) == 8 and len(leaf.doings) == 4 for leaf in subtopics())
    phrases = Counter(phrase for leaf in subtopics() for phrase in (leaf.name, *leaf.subjects, *leaf.doings))
    assert max(phrases.values()) == 1
    sentences = Counter(text for facet in manners() for manner in facet for text in manner.sentences)
    assert max(sentences.values()) == 1


def test_the_catalogue_reads_like_one(world: World) -> None:
    frame = world.dataset.catalog.frame
    assert frame["title"].n_unique() == frame.height == 2000
    assert frame["description"].n_unique() > 1990
    assert frame["item_id"][12] == "v00012"
    assert set(frame["kind"]) == {"video", "article", "event"}
    assert frame.filter(pl.col("title").str.contains(r"[{}]|\s\s")).height == 0
    assert frame.filter(pl.col("description").str.contains(r"[{}]|\s\s")).height == 0
    assert frame["description"].str.split(" ").list.len().min() >= 12
    events = frame.filter(pl.col("kind") == "event")
    assert events.select("place", "latitude", "longitude", "opens", "closes").null_count().sum_horizontal()[0] == 0
    assert frame.filter(pl.col("kind") != "event")["place"].null_count() == frame.height - events.height
    assert frame["duration"].min() >= 1
    assert frame["price"].min() == 0
    assert frame["energy"].is_between(0, 1).all()
    assert int(mask(world.dataset.catalog, [parse("kind = event"), parse("price < 10")]).sum()) > 20


def test_series_go_on_episode_by_episode(world: World) -> None:
    items, frame = world.hidden.items, world.dataset.catalog.frame
    linked = np.flatnonzero(items.following >= 0)
    after = items.following[linked]
    assert linked.size > 500
    for same in (items.series, items.subtopic, items.kind, items.creator):
        assert (same[linked] == same[after]).all()
    assert (items.how[linked] == items.how[after]).all()
    assert (items.episode[after] == items.episode[linked] + 1).all()
    assert (items.published[after] > items.published[linked]).all()
    assert frame["series"].null_count() == int((items.series < 0).sum())
    assert frame["series"].drop_nulls().n_unique() == int(items.series.max()) + 1


def test_the_log_is_one_of_people(world: World) -> None:
    events, users = world.dataset.events, world.dataset.users
    assert 80_000 < events.height < 140_000
    assert users is not None
    assert users.height == 3000
    assert users["wish"].n_unique() > 2500
    steps = events.select(
        same=pl.col("user_id") == pl.col("user_id").shift(), passed=pl.col("timestamp").diff()
    ).filter("same")
    assert steps["passed"].min() > 0
    assert events.select("user_id", "item_id").is_duplicated().sum() == 0
    shares = {event: count / events.height for event, count in events["event"].value_counts().rows()}
    assert 0.05 < shares["skip"] < 0.25
    assert 0.1 < shares["like"] < 0.4
    by_event = dict(events.group_by("event").agg(pl.col("value").mean()).rows())
    assert by_event["skip"] < by_event["play"] < by_event["like"]
    published = dict(zip(world.dataset.catalog.item_ids, world.hidden.items.published.tolist(), strict=True))
    assert all(time >= published[item] for item, time in events.select("item_id", "timestamp").rows())
    assert events["timestamp"].min() >= START
    assert events["timestamp"].max() < START + (DAYS + 2) * DAY


def test_people_come_back_in_sessions(world: World) -> None:
    gaps = world.dataset.events.select(
        gap=pl.when(pl.col("user_id") == pl.col("user_id").shift()).then(pl.col("timestamp").diff())
    )["gap"].drop_nulls()
    breaks = int((gaps > 6 * 3600).sum())
    assert 3 < breaks / 3000 < 12  # sessions of a person beyond the first
    assert 2 < world.dataset.events.height / (breaks + 3000) < 7  # choices in a session
    per_person = world.dataset.events["user_id"].value_counts()["count"]
    assert per_person.median() * 1.2 < per_person.mean()  # a few are far more active than most


def test_popularity_falls_like_a_power_of_the_rank(world: World) -> None:
    counts = np.sort(world.dataset.events["item_id"].value_counts()["count"].to_numpy())[::-1]
    middle = slice(9, 500)
    slope = np.polyfit(np.log(np.arange(1, counts.size + 1))[middle], np.log(counts[middle]), 1)[0]
    assert -1.1 < slope < -0.4
    assert 0.25 < counts[: counts.size // 10].sum() / counts.sum() < 0.6


def test_what_and_how_are_independent() -> None:
    items = make_world(20_000, 10).hidden.items
    groups = np.where(items.series >= 0, items.series, -1 - np.arange(len(items)))
    for facet in range(len(FACETS)):
        assert abs(excess_information(items.topic, items.how[:, facet], groups)) < 0.002
        for other in range(facet):
            assert abs(excess_information(items.how[:, other], items.how[:, facet], groups)) < 0.002
    assert excess_information(items.topic, items.subtopic, groups) > 2  # the measure sees what depends


def test_tastes_for_what_and_how_are_independent(world: World) -> None:
    people = world.hidden.people
    favourite = (people.what_first @ world.hidden.leaves.T).argmax(axis=1)
    tone = people.style[:, : sizes()[0]].argmax(axis=1)
    assert abs(excess_information(favourite, tone, np.arange(3000))) < 0.02


def accuracy(world: World, texts: list[str]) -> dict[str, float]:
    reading, items = frozen_reader().read(texts), world.hidden.items
    found = {"topic": reading.topic == items.topic, "subtopic": reading.subtopic == items.subtopic}
    found |= {name: reading.how[:, facet] == items.how[:, facet] for facet, name in enumerate(FACETS)}
    return {name: float(right.mean()) for name, right in found.items()}


def test_the_reader_recovers_what_and_how_from_the_words(world: World) -> None:
    frame = world.dataset.catalog.frame
    texts = (frame["title"] + ". " + frame["description"]).to_list()
    assert min(accuracy(world, texts).values()) >= 0.95
    shuffled = accuracy(world, [texts[row] for row in np.random.default_rng(1).permutation(len(texts))])
    chance = {"topic": 1 / 12, "subtopic": 1 / 60} | {
        name: 1 / size for name, size in zip(FACETS, sizes(), strict=True)
    }
    assert all(abs(shuffled[name] - chance[name]) < 0.04 for name in chance)


def test_the_reader_reads_others_words_and_admits_what_it_does_not_know() -> None:
    reading = frozen_reader().read(
        ["Hushed and unhurried: sourdough for beginners, over in a blink", "zxq 12 !", "", "Knights told as a tale"]
    )
    leaves = [leaf.name for leaf in subtopics()]
    assert leaves[reading.subtopic[0]] == "bread"
    named = [values[code].name for values, code in zip(manners(), reading.how[0], strict=True)]
    assert named == ["calm", "slow", "short", "plain"]
    assert reading.subtopic[1] == reading.subtopic[2] == reading.topic[1] == -1
    assert (reading.how[1:3] == -1).all()
    assert leaves[reading.subtopic[3]] == "castles"
    assert manners()[3][reading.how[3, 3]].name == "story"


def test_wishes_say_what_the_hidden_wish_is(world: World) -> None:
    people, users = world.hidden.people, world.dataset.users
    assert users is not None
    plain = np.flatnonzero(people.wish_avoids < 0)
    reading = frozen_reader().read([users["wish"][int(row)] for row in plain])
    assert (reading.subtopic == people.wish_subtopic[plain]).mean() >= 0.95
    for facet in range(len(FACETS)):
        named = people.wish_how[plain, facet] >= 0
        assert (reading.how[named, facet] == people.wish_how[plain, facet][named]).mean() >= 0.95
    free = users.filter(pl.col("wish").str.contains("free of charge")).height
    assert free == int(people.wish_free.sum())


def test_utility_agrees_with_its_naive_twin(world: World) -> None:
    hidden, law = world.hidden, world.hidden.behaviour
    users, rows = np.array([3, 77]), np.array([[5, 9, 1999], [0, 1, 2]])
    when = np.array([0.25, 1.0])
    got = hidden.utility(users, rows, when)
    for at, user in enumerate(users):
        for column, row in enumerate(rows[at]):
            taste = (1 - when[at]) * hidden.people.what_first[user] + when[at] * hidden.people.what_last[user]
            expected = law.what * float(taste @ hidden.items.what[row])
            expected += law.style * float(hidden.people.style[user] @ hidden.items.style[row])
            expected += law.quality * float(hidden.items.quality[row])
            assert got[at, column] == pytest.approx(expected, abs=1e-4)
            assert hidden.utility(users, when=when)[at, row] == pytest.approx(expected, abs=1e-4)


def test_people_like_what_is_worth_more_to_them(world: World) -> None:
    events, catalog = world.dataset.events, world.dataset.catalog
    users = events["user_id"].str.slice(1).cast(pl.Int64).to_numpy()
    rows = np.array(catalog.rows(events["item_id"].to_list()))
    when = (events["timestamp"].to_numpy() - START) / (DAYS * DAY)
    worth = world.hidden.utility(users, rows[:, None], when)[:, 0]
    strangers = world.hidden.utility(np.random.default_rng(0).permutation(users), rows[:, None], when)[:, 0]
    kind = events["event"].to_numpy()
    assert worth[kind == "skip"].mean() < worth[kind == "play"].mean() < worth[kind == "like"].mean()
    assert worth.mean() > strangers.mean() + 1


def recall(scores: np.ndarray, histories: list[list[int]], targets: np.ndarray, k: int = 10) -> float:
    scores = scores.astype(np.float64)
    for row, history in enumerate(histories):
        scores[row, history] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return float((best == targets[:, None]).any(axis=1).mean())


def test_the_log_can_be_learned_and_popularity_is_not_the_answer(world: World) -> None:
    """Recall@10 of simple methods, leave-one-out: chance < popularity < item-kNN < a first-order Markov chain."""
    parts, catalog = split(world.dataset), world.dataset.catalog
    histories = [catalog.rows(case.request.history) for case in parts.test]
    targets = np.array([catalog.row(case.relevant[0]) for case in parts.test])
    n, items, offsets = len(catalog), parts.refit.items.numpy(), parts.refit.offsets.numpy()
    owner = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    did = np.zeros((offsets.size - 1, n), np.float32)
    did[owner, items] = 1
    counts = did.sum(axis=0)
    together = did.T @ did / np.sqrt(np.maximum(np.outer(counts, counts), 1))
    np.fill_diagonal(together, 0)
    follows = np.zeros((n, n), np.float32)
    neighbours = owner[1:] == owner[:-1]
    np.add.at(follows, (items[:-1][neighbours], items[1:][neighbours]), 1)
    chain = follows / np.maximum(follows.sum(axis=1, keepdims=True), 1) + 1e-4 * together
    done = np.zeros((len(histories), n), np.float32)
    for row, history in enumerate(histories):
        done[row, history] = 1
    popular = recall(np.tile(counts, (len(histories), 1)), histories, targets)
    knn = recall(done @ together, histories, targets)
    markov = recall(chain[[history[-1] for history in histories]], histories, targets)
    users = np.array([int(str(case.request.user_id)[1:]) for case in parts.test])
    true_taste = recall(world.hidden.utility(users), histories, targets)
    assert popular > 3 * 10 / n
    assert true_taste > 2 * popular
    assert knn > 3 * popular
    assert markov > 1.2 * knn
    assert markov < 0.5


def test_the_same_seed_gives_the_same_world_in_every_process() -> None:
    code = (
        "from generec.data.world import make_world; from generec.data.dataset import fingerprint;"
        "w = make_world(300, 60, seed=7); print(fingerprint(w.dataset), w.dataset.users.hash_rows(0).sum())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": salt}, capture_output=True, text=True, check=True
        ).stdout
        for salt in ("1", "2")
    ]
    here = make_world(300, 60, seed=7)
    assert here.dataset.users is not None
    assert runs[0] == runs[1] == f"{fingerprint(here.dataset)} {here.dataset.users.hash_rows(0).sum()}\n"
    assert fingerprint(make_world(300, 60, seed=8).dataset) != fingerprint(here.dataset)


def test_a_world_on_disk_holds_nothing_hidden(tmp_path: object) -> None:
    made = make_world(300, 60)
    folder = write_dataset(made.dataset, f"{tmp_path}/world")
    assert sorted(path.name for path in folder.iterdir()) == [
        "dataset.json", "events.parquet", "items.parquet", "users.parquet",
    ]  # fmt: skip
    again = read_dataset(folder)
    assert again.events.equals(made.dataset.events)
    assert again.info["world"] == {"items": 300, "users": 60, "seed": 0}
    hidden_names = {"style", "tone", "pace", "register", "quality", "appeal", "subtopic", "taste"}
    assert not hidden_names & {*again.catalog.frame.columns, *again.events.columns, *again.users.columns}


def test_larger_worlds_keep_distinct_titles_and_smaller_ones_are_refused() -> None:
    assert make_world(30_000, 10).dataset.catalog.frame["title"].n_unique() == 30_000
    with pytest.raises(UsageError, match="at least 200 items"):
        make_world(100, 50)


def test_the_laws_can_be_changed() -> None:
    still = make_world(300, 200, behaviour=Behaviour(follow=1.0, sessions=1.0, skip_below=-99.0))
    items, events = still.hidden.items, still.dataset.events
    assert set(events["event"]) == {"play", "like"}
    rows = np.array(still.dataset.catalog.rows(events["item_id"].to_list()))
    users = events["user_id"].to_numpy()
    goes_on = (users[1:] == users[:-1]) & (items.following[rows[:-1]] == rows[1:])
    usual = make_world(300, 200)
    rows = np.array(usual.dataset.catalog.rows(usual.dataset.events["item_id"].to_list()))
    users = usual.dataset.events["user_id"].to_numpy()
    before = (users[1:] == users[:-1]) & (usual.hidden.items.following[rows[:-1]] == rows[1:])
    assert goes_on.mean() > 1.5 * before.mean()
