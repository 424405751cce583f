"""The tables that generators and routers have to show: exact regret, honest controls, no declarations."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from generec.data.world import make_world
from generec.encoders.tfidf import TfidfEncoder
from generec.fidelity.keys import Keys
from generec.loop.arms import RETRIEVE, Arm
from generec.loop.generec import GeneRec
from generec.loop.meaning import Meaning
from generec.loop.outcomes import Outcome
from generec.loop.router import Decision, Router, Rules, Scene
from generec.recipe.record import override
from generec.recipes.sasrec import sasrec
from generec.records import BackendCard, Budget, Candidate, Guidance, Person
from generec.simulation.experiment import Experiment, unseen
from generec.simulation.people import WorldPeople
from generec.simulation.proof import Proof, cases
from generec.simulation.routing import Round, report
from generec.types import Events

MAKER = Arm(name="maker", action="create", kind="text", card=BackendCard("maker"), latency_ms=1.0)
HIT = Candidate("retrieved", "Something", "i0", score=1.0)


def planted(count: int, shuffled: bool = False) -> list[Round]:
    """Turns in which retrieval serves what is near, and making serves what is far."""
    random, rounds = Random(0), []
    for _ in range(count):
        far = random.random() < 0.5
        told = random.random() < 0.5 if shuffled else far
        scene = Scene(hits=(HIT,), gap=9.0 if told else 0.1, coverage=0.0 if told else 1.0, allowed=5, arms=(MAKER,))
        guidance = Guidance(budget=Budget(latency_ms=1e6))
        rounds.append(
            Round("far" if far else "near", guidance, scene, {RETRIEVE.name: float(not far), "maker": far - 0.05})
        )
    return rounds


def learner() -> Router:
    return Router(rules=replace(Rules(), enough=30), seed=1)


class Knowing(Router):
    def route(self, guidance: Guidance, scene: Scene) -> Decision:
        sure = {"maker": 1.0, RETRIEVE.name: 1.0}
        return Decision(arms=("maker",) if scene.gap > 1 else (), reason="knows", propensities=sure)

    def learn(self, outcome: Outcome) -> None:
        """Needs none."""


def test_regret_is_what_the_best_arm_gave_less_what_the_chosen_one_gave():
    rounds = planted(40)
    found = report(rounds, {"knows": Knowing()})
    for arm in (RETRIEVE.name, "maker"):
        naive = sum(max(each.rewards.values()) - each.rewards[arm] for each in rounds) / len(rounds)
        assert found["policies"][f"always {arm}"]["regret"].mean == pytest.approx(naive)
    knows = found["policies"]["knows"]
    best = found["policies"][found["best fixed policy"]]
    assert knows["regret"].mean == 0
    assert knows["behind the best fixed"].mean == pytest.approx(-best["regret"].mean)
    assert best["behind the best fixed"].mean == 0


def test_a_router_that_learns_beats_the_best_fixed_policy_and_its_shuffled_twin_does_not():
    found, twin = (report(planted(400, shuffled), {"learned": learner()}) for shuffled in (False, True))
    best = found["policies"][found["best fixed policy"]]["regret"].mean
    assert found["policies"]["learned"]["regret"].mean < best / 2
    best = twin["policies"][twin["best fixed policy"]]["regret"].mean
    assert twin["policies"]["learned"]["regret"].mean > 0.8 * best


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    world = make_world(items=400, users=120, seed=3)
    taught, asking = unseen(world.dataset, 0.25)
    recipe = override(sasrec(), ["stages.0.optimisation.epochs=1", "model.width=16"])
    system = recipe.fit(taught, refit=False).system
    home = tmp_path_factory.mktemp("proof")
    generec = GeneRec(system=system, data=taught, folder=home / "ledger", keys=Keys(home / "keys"))
    generec.meaning = Meaning(system.catalog, TfidfEncoder(dimensions=32).fit(system.catalog, Events.pack([])))
    return Experiment(generec=generec, people=WorldPeople(world, seed=3), asking=asking, seed=3)


def test_people_who_are_asked_are_not_in_the_training_data(experiment):
    assert len(experiment.asking) == 30
    assert set(experiment.generec.histories).isdisjoint(experiment.asking)


def test_every_arm_answers_every_turn_and_what_it_cost_is_taken_off(experiment):
    rounds = experiment.rounds(4)
    names = {RETRIEVE.name, *experiment.loop.makers}
    assert [set(each.rewards) for each in rounds] == [names] * len(rounds)
    assert all(value in (0.0, 1.0) for each in rounds for value in (each.rewards[RETRIEVE.name],))
    assert {arm.name for arm in rounds[0].scene.arms} == set(experiment.loop.makers)
    routed = experiment.routing(rounds)
    assert set(routed["policies"]) == {*(f"always {name}" for name in names), "rule of thumb", "learned router"}


def test_the_oracle_of_the_sets_is_the_best_row_and_the_rules_hold(experiment):
    table = experiment.proofs(6)["sets"]
    rows = table["rows"]
    assert rows["oracle"]["utility"].mean == max(each["utility"].mean for each in rows.values())
    assert rows["right person"]["made"] > 0


def test_a_generator_that_knows_the_person_is_told_from_one_that_knows_nobody(experiment):
    people = experiment.people
    asked = cases(people, experiment.asking, lambda user, number: (0, ""))

    def best(case, person: Person) -> Candidate:
        """The best item of whoever it is made for."""
        user = person.user_id or case.random
        worth = people.hidden.utility(people.rows([user]), np.arange(len(people.catalog))[None, :], people.when)[0]
        item_id = people.catalog.item_ids[int(worth.argmax())]
        return Candidate("retrieved", "", item_id)

    def nobody(case, person: Person) -> Candidate:
        return Candidate("retrieved", "", people.catalog.item_ids[case.seed])

    def table(make):
        worth = lambda case, answer: people.true_utility(case.user_id, answer)  # noqa: E731
        proof = Proof(name="planted", people=people, make=make, others={}, hit=lambda case, answer: True, worth=worth)
        return proof.table(asked)

    knows, blind = table(best), table(nobody)
    assert knows["own against other (AUC)"].low > 0.5
    null = knows["null: other against another (AUC)"]
    assert null.low <= 0.5 <= null.high
    assert blind["own against other (AUC)"].mean == 0.5
    assert knows["rows"]["swapped, disjoint taste"]["right person more"].low > 0
