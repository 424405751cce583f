"""Whole dialogues with simulated people: the same people and goals under every policy, and nothing hidden leaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generec.data.world import make_world
from generec.encoders.tfidf import TfidfEncoder
from generec.fidelity.keys import Keys
from generec.loop.generec import GeneRec
from generec.loop.meaning import Meaning
from generec.loop.router import Router, Rules
from generec.recipe.record import override
from generec.recipes.sasrec import sasrec
from generec.records import Person
from generec.simulation.closed_loop import ClosedLoop, Policy
from generec.simulation.goals import Goals
from generec.simulation.people import WorldPeople
from generec.types import Events


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    world = make_world(items=400, users=80, seed=3)
    recipe = override(sasrec(), ["stages.0.optimisation.epochs=1", "model.width=16"])
    system = recipe.fit(world.dataset, refit=False).system
    home = tmp_path_factory.mktemp("loop")
    generec = GeneRec(system=system, data=world.dataset, folder=home / "ledger", keys=Keys(home / "keys"))
    generec.meaning = Meaning(system.catalog, TfidfEncoder(dimensions=32).fit(system.catalog, Events.pack([])))
    people = WorldPeople(world, seed=3)
    return ClosedLoop(loop=generec.loop, people=people, goals=Goals(people, seed=3), patience=2)


@pytest.fixture(scope="module")
def runs(experiment):
    users = experiment.people.user_ids[:8]
    eager = Policy("everything", tuple(experiment.loop.makers), lambda: Router(rules=Rules(explore=0.5)))
    return {policy.name: experiment.run(policy, users) for policy in (Policy("retrieve"), eager)}


def test_everybody_gets_one_dialogue_within_their_patience(experiment, runs):
    for run in runs.values():
        assert {row.user_id for row in run.rows} <= set(experiment.people.user_ids[:8])
        assert max(row.turn for row in run.rows) < experiment.patience
        assert {row.goal for row in run.rows} <= set(experiment.kinds)


def test_retrieving_makes_nothing_and_everything_makes_something(runs):
    assert all(row.made == 0 and set(row.modes) <= {"retrieved"} for row in runs["retrieve"].rows)
    assert sum(row.made for row in runs["everything"].rows) > 0


def test_a_run_repeats_exactly(experiment, runs):
    again = experiment.run(Policy("retrieve"), experiment.people.user_ids[:8])
    plain = [replace(row, milliseconds=0.0) for row in again.rows]
    assert plain == [replace(row, milliseconds=0.0) for row in runs["retrieve"].rows]


def test_the_table_s_figures_follow_the_rows(experiment, runs):
    run = runs["retrieve"]
    figures = run.figures(400)
    assert figures["turns"] == len(run.rows)
    assert 0 <= figures["goals met"] <= 1
    assert figures["utility per turn"].low <= figures["utility per turn"].mean <= figures["utility per turn"].high
    assert abs(figures["regret per turn"].mean + figures["utility per turn"].mean) > 0
    assert sum(figures["taken"].values()) == pytest.approx(1.0) or not figures["taken"]


def test_what_the_loop_may_know_of_a_person_is_what_they_took_and_said_they_like(experiment):
    user = experiment.people.user_ids[0]
    known = experiment.people.person(user)
    assert known == Person(user_id=user, history=known.history, liked=known.liked)
    events = experiment.people.world.dataset.events
    mine = events.filter((events["user_id"] == user) & (events["event"] != "skip"))
    assert list(known.history) == mine["item_id"].to_list()
    assert list(known.liked) == mine.filter(mine["event"] == "like")["item_id"].to_list()
