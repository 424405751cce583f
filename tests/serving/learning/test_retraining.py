"""The next version: made from the store, judged beside the serving one, in charge only if it is not worse."""

import json
import multiprocessing
import shutil
import signal
import time

import learning_world
import pytest
from learning_world import recipe, retraining, serve

from generec.data.entries import Entry
from generec.errors import ArtefactError, UsageError
from generec.recipe.artefact import load, read_manifest
from generec.serving.learning import work
from generec.serving.learning.retrain import put_in_charge
from generec.serving.store import Store, jobs
from generec.serving.store import dataset as of_store


def test_a_version_that_is_not_worse_takes_over(served, tmp_path):
    before = served.models.active("default")
    served.people.forget("default", "u3", by="test")
    outcome = retraining().run(served, "default", by="test")
    assert outcome.activated
    assert "not worse" in outcome.reason
    active = served.models.active("default")
    assert active.version == outcome.version
    assert active.replaced == before.version
    assert outcome.folder == str(tmp_path / "models" / "shop.2")
    system = load(outcome.folder)
    assert system.record["recipe"] == load(before.folder).record["recipe"]
    assert system.record["data"]["licence"] == "CC0", "the terms of the data go on"
    assert system.record["data"]["repeats"]
    figures = active.figures
    newest = figures["newest events"]
    assert newest["people"] >= 10
    assert newest["interval"][0] <= newest["difference"] <= newest["interval"][1]
    assert figures["anchor"] == 0.1
    assert not (tmp_path / "models" / "shop.2.run").exists()
    job = served.jobs.list("default")[0]
    assert (job.state, job.progress) == ("done", 1.0)
    assert job.result["version"] == outcome.version
    assert json.loads(json.dumps(figures)) == figures


def test_whom_it_learned_from_is_written_down_and_flags_go_with_the_people(served):
    log = served.log("default")
    first = retraining().run(served, "default", by="test").version
    held = learning_world_anchor(served)
    assert held
    assert first in log.models_to_flag("u1" if "u1" not in held else "u2")
    assert all(first not in log.models_to_flag(user) for user in held), "the anchor is judged on, not learned from"
    gone = next(user for user in ("u1", "u2", "u5") if user not in held)
    served.people.forget("default", gone, by="test")
    assert [flag.version for flag in log.flagged()] == [first]
    outcome = retraining().run(served, "default", by="test")  # nothing is new, and it must be retrained all the same
    assert outcome.activated
    assert outcome.folder.endswith("shop.3")
    assert log.flagged() == ()


def learning_world_anchor(store):
    data = of_store.read(store, "default")
    return retraining().mixture.divide(data).anchor


def test_a_worse_version_stays_a_candidate_and_it_is_said_why(store, tmp_path):
    folder = learning_world.first(
        tmp_path / "models" / "shop",
        taught=recipe("stages.0.optimisation.epochs=12"),
        recorded=recipe("stages.0.optimisation.learning_rate=1e-9"),
    )
    version = serve(store, folder)
    outcome = retraining(margin=0.05).run(store, "default", by="test")
    assert not outcome.accepted
    assert store.models.active("default").version == version
    assert store.models.get("default", outcome.version).state == "candidate"
    newest = outcome.figures["newest events"]
    assert newest["new"]["ndcg@10"] < newest["serving"]["ndcg@10"]
    assert f"{newest['serving']['ndcg@10']:.4f}" in outcome.reason
    assert f"{newest['new']['ndcg@10']:.4f}" in outcome.reason
    assert "may be lost" in outcome.reason
    assert "deleted since" not in outcome.reason


def test_a_version_of_deleted_people_that_stays_says_what_is_owed(served):
    first = retraining().run(served, "default", by="test").version
    gone = next(user for user in ("u1", "u2", "u5") if user not in learning_world_anchor(served))
    served.people.forget("default", gone, by="test")
    strict = retraining(judge=learning_world.Judge(margin=-1.0, least=10, resamples=200))  # nothing is good enough
    outcome = strict.run(served, "default", by="test")
    assert not outcome.accepted
    assert "deleted since" in outcome.reason
    assert [flag.version for flag in served.log("default").flagged()] == [first]


def test_neither_version_has_seen_what_both_are_judged_on(served):
    first = retraining().run(served, "default", by="test")
    seen = first.figures["seen_until"]
    assert seen >= 1000 * (learning_world.KNOWN - 1), "newer than what the first version learned from"
    again = retraining().run(served, "default", by="test")
    assert again.version is None, "the rest of the log is too little to compare on"
    assert "too little is new" in again.reason
    assert served.models.active("default").version == first.version


def test_a_candidate_waits_where_it_is_asked_to(served):
    before = served.models.active("default").version
    outcome = retraining().run(served, "default", by="test", activate=lambda version: None)
    assert outcome.accepted
    assert not outcome.activated
    assert served.models.active("default").version == before
    put_in_charge(served, "default", outcome.version, by="test")
    assert served.models.active("default").version == outcome.version


def test_one_at_a_time_until_it_is_dead(served, monkeypatch):
    job = work.claimed(served, "default", {}, "test")
    with pytest.raises(UsageError, match=r"a retrain is running.*If it was killed"):
        retraining().run(served, "default", by="test")
    monkeypatch.setattr(jobs, "STALE", 0)
    taken = work.claimed(served, "default", {}, "test")
    assert served.jobs.get("default", job.id).state == "failed"
    assert served.jobs.get("default", taken.id).state == "running"


def test_cancelled_it_stops_and_activates_nothing(served, monkeypatch):
    before = served.models.active("default").version
    monkeypatch.setattr(work, "BEAT", 0.02)
    told = work.Work.phase

    def cancel(self, line, low, high):
        told(self, line, low, high)
        if line == "training":
            self.store.jobs.cancel(self.tenant, self.job.id, by="test")
            while not self._lost:
                time.sleep(0.01)

    monkeypatch.setattr(work.Work, "phase", cancel)
    with pytest.raises(work.CancelledRetraining):
        retraining().run(served, "default", by="test")
    assert served.models.active("default").version == before
    assert served.jobs.list("default")[0].state == "cancelled"
    monkeypatch.undo()
    assert retraining().run(served, "default", by="test").activated


def test_what_fails_says_so_in_its_job_and_leaves_nothing(served, tmp_path):
    active = served.models.active("default")
    (tmp_path / "models" / "shop" / "MANIFEST.json").write_text("{}")
    with pytest.raises(ArtefactError, match="another model"):
        retraining().run(served, "default", by="test")
    job = served.jobs.list("default")[0]
    assert job.state == "failed"
    assert "another model" in job.result["error"]
    assert served.models.active("default").version == active.version
    assert not list((tmp_path / "models").glob("*.run"))


def test_without_a_version_or_events_it_says_what_to_do(store, trained_folder, tmp_path):
    with pytest.raises(UsageError, match="no model is active"):
        retraining().run(store, "default", by="test")
    store.tenants.create("new")
    shutil.copytree(trained_folder, tmp_path / "shop")
    store.items.load("new", learning_world.catalog(), by="test")
    serve(store, tmp_path / "shop", "new")
    assert "nothing to learn from" in retraining().run(store, "new", by="test").reason


def test_machine_made_events_are_capped(served):
    log = served.log("default")
    log.append(
        Entry(kind="click", user_id=f"robot{n % 10}", item_id=f"i{n % 60}", time=500 + n, source="simulated")
        for n in range(900)
    )
    outcome = retraining().run(served, "default", by="test")
    share = outcome.figures["synthetic"]["share"]
    assert 0.19 < share <= 0.2
    assert outcome.figures["synthetic"]["left_out"] > 0
    assert outcome.version in log.models_to_flag("robot1")


def attempt(url, keys, ready):
    """Retrains, slowly; killed by the test."""
    import torch

    torch.set_num_threads(1)
    ready.send(1)
    with Store.open(url, keys) as store:
        outcome = retraining(checkpoint_seconds=0.0).run(store, "default", by="test")
    ready.send(outcome.version)


def test_killed_again_and_again_it_is_done_once_and_whole(served, place, monkeypatch):
    """kill -9 at moments over the whole run: the serving version serves, or the whole new one."""
    before = served.models.active("default").version
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["learning_world", "generec.recipes.sasrec", "generec.evaluation.protocol"])
    monkeypatch.setattr(jobs, "STALE", 0)
    finished = ""
    for pause in (0.0, 0.5, 1.5):
        here, there = processes.Pipe(duplex=False)
        other = processes.Process(target=attempt, args=(*place, there))
        other.start()
        there.close()
        here.recv()
        if here.poll(pause):
            finished = here.recv()
        other.kill()
        other.join()
        assert other.exitcode in (-signal.SIGKILL, 0)
        active = served.models.active("default")
        assert read_manifest(active.folder), "what serves is whole"
        if active.version != before:
            assert of_store.marked(served, "default", active.version)
            finished = active.version
            break
        for job in served.jobs.list("default"):
            if job.state == "running":  # as jobs.STALE seconds without a sign of life would
                served.jobs.end("default", job.id, {"error": "killed"}, failed=True)
    if not finished:
        finished = retraining(checkpoint_seconds=0.0).run(served, "default", by="test").version
    assert served.models.active("default").version == finished
    made = [one.version for one in served.models.list("default")]
    assert made == [before, finished], "nothing half made is entered"


def test_a_killed_run_reads_what_it_read_and_goes_on(served, tmp_path, monkeypatch):
    place = tmp_path / "models" / "shop.2"
    run = place.with_name("shop.2.run")

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(learning_world.Judge, "compare", killed)
        with pytest.raises(KeyboardInterrupt):
            retraining().run(served, "default", by="test")
    until = json.loads((run / "plan.json").read_text())["until"]
    served.log("default").append([Entry(kind="click", user_id="late", item_id="i1", time=99_000)])
    began = sorted(file.name for file in (run / "fit").iterdir())
    outcome = retraining().run(served, "default", by="test")
    assert outcome.activated
    assert outcome.figures["log"]["until"] == until, "the same events, so that what was trained fits"
    assert began
    assert outcome.version not in served.log("default").models_to_flag("late")


def test_the_versions_before_can_be_gone_back_to(served):
    before = served.models.active("default").version
    retraining().run(served, "default", by="test")
    assert served.models.roll_back("default", by="test").version == before


def test_items_that_came_and_went_are_the_same_for_both(served):
    served.items.upsert("default", [{"item_id": "fresh", "title": "lamp number 99"}], by="test")
    served.items.delete("default", ["i5"], by="test")
    outcome = retraining().run(served, "default", by="test")
    newest = outcome.figures["newest events"]
    assert newest["problems"] == [], "neither recommends what is gone, nor misses what came"
    assert "i5" not in load(outcome.folder).catalog
    assert "fresh" in load(outcome.folder).catalog
