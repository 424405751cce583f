"""The word list sees through disguises and leaves harmless words alone; ages and trained classes count too."""

import itertools
import random

import numpy as np
import pytest
from small_scene import ASKED, ITEMS, scene, set_draft, text_draft

from generec.data.world.making import make_world
from generec.errors import ArtefactError, FittingError, InputError, UsageError
from generec.fidelity.facts import described
from generec.fidelity.policy import Jurisdiction, Policy
from generec.fidelity.safety import LEVELS, Hit, Safety, WordList, _variants
from generec.fidelity.safety_classifier import SafetyClassifier
from generec.fidelity.safety_words import WORDS
from generec.records import Guidance, SetPayload

LIST = WordList()

UNSAFE = [  # sentence, class, lowest age class that may see it
    ("The killer strikes again in this bloody tale.", "violence", "teen"),
    ("A gunman takes hostages downtown.", "violence", "teen"),
    ("Heads are decapitated and limbs dismembered.", "violence", "adult"),
    ("How to build a bomb in your shed", "violence", "nobody"),
    ("A striptease to remember", "sex", "teen"),
    ("Free porn all night", "sex", "adult"),
    ("Their first sex scene, uncut", "sex", "adult"),
    ("child pornography", "sex", "nobody"),
    ("Vodka and cigarettes before noon", "drugs", "teen"),
    ("She sells cocaine and crystal meth", "drugs", "adult"),
    ("Learn cooking meth at home", "drugs", "nobody"),
    ("A march of nazis", "hate", "teen"),
    ("They are subhuman, exterminate them", "hate", "nobody"),
    ("White power forever", "hate", "nobody"),
    ("A film about suicide prevention", "self_harm", "teen"),
    ("I want to die tonight", "self_harm", "adult"),
    ("Just kill yourself", "self_harm", "nobody"),
    ("Thinspo and pro-ana tips", "self_harm", "nobody"),
    ("Roulette and blackjack at our casino", "gambling", "adult"),
    ("Fifty free spins on every slot-machine", "gambling", "adult"),
    ("Gamble on credit, guaranteed win", "gambling", "nobody"),
]

HARMLESS = [
    "The skilful assassin bug of Scunthorpe classifies glass.",
    "A condominium in Milford, near the Lynch gallery.",
    "Shooting stars over Essex and Sussex.",
    "A chink of light, a niggling doubt, a cocktail dress.",
    "Liquorice, butternut and passion fruit.",
    "Turn off the gas. The oven is hot.",
    "He bets the class will pass the assessment.",
    "Grapes are pressed; therapists rest.",
    "Slurry and slurping, lurking in the canal.",
    "A stunning analysis of Mississippi grass.",
    "Version 1.0.1 of 3D maps, 4x4 tracks, 50 cents.",
    "Go diesel or go electric?",
    "A skill worth having: sharpen knives.",
    "The Weed Garden, or how to hoe.",
    "Sunset over the Bong Bong river walk begins at six.",
]


@pytest.mark.parametrize(("text", "kind", "level"), UNSAFE)
def test_listed_words_are_found(text, kind, level):
    assert (kind, level) in {(hit.kind, hit.level) for hit in LIST.found(text)}


def test_the_seeded_set():
    """Recall at the level of the sentence, false alarms among sentences that only look alike."""
    alarms = [(text, LIST.found(text)) for text in HARMLESS if LIST.found(text)]
    assert len(alarms) <= 0.1 * len(HARMLESS), alarms


def test_the_embedded_world_is_fit_for_children():
    texts = [described(row) for row in make_world(items=300, users=10).dataset.catalog.frame.to_dicts()]
    assert [hit for text in texts for hit in LIST.found(text)] == []


@pytest.mark.parametrize(
    "disguised",
    [
        "KILL YOURSELF", "k1ll yourself", "ki11 y0ur$elf", "kiiilllll yourself", "k.i.l.l yourself", "k i l l yourself",
        "kill\u200b your\u00adself", "kіll yоursеlf", "kîll yöürsèlf", "kill - yourself", "kill_yourself",
        "kill.yourself", "ｋｉｌｌ yourself",
    ],
)  # fmt: skip
def test_disguises_are_seen_through(disguised):
    assert "nobody" in {hit.level for hit in LIST.found(f"so {disguised} now")}


def test_every_listed_word_is_found_in_every_simple_disguise():
    walk = random.Random(0)
    leet = str.maketrans("aeost", "@30$7")
    words = [
        (kind, level, word.strip().rstrip("*"))
        for kind, levels in WORDS.items() for level, listed in levels.items() for word in listed.split(",")
    ]  # fmt: skip
    assert len(words) > 200
    for kind, level, word in words:
        spelt = " ".join(part.translate(leet) if len(part) > 2 else part for part in word.split())  # 70 is a number
        for text in (word, word.upper(), walk.choice([spelt, word.replace(" ", "  "), word + "!"])):
            assert (kind, level) in {(hit.kind, hit.level) for hit in LIST.found(f"x {text} x")}, text


@pytest.mark.parametrize(("level", "age"), list(itertools.product(LEVELS[1:], LEVELS[:3])))
def test_what_is_above_the_age_class_fails(level, age):
    text = {"teen": "A murder mystery.", "adult": "A torture cellar.", "nobody": "Kill yourself."}[level]
    found = Safety()(text_draft(text), Guidance(age=age), scene())
    assert found.outcome == ("fail" if LEVELS.index(level) > LEVELS.index(age) else "pass")


def test_the_report_says_that_a_word_list_is_one():
    found = Safety()(text_draft(), ASKED, scene())
    assert found.outcome == "pass"
    assert any("word list only" in reason for reason in found.reasons)
    assert "safe" not in " ".join(found.reasons).split()


@pytest.mark.parametrize(
    ("rating", "ages"),
    [
        (0, "child teen adult"), ("FSK 6", "child teen adult"), ("12+", "teen adult"), (16.0, "teen adult"),
        ("PG-13", "teen adult"), ("R", "adult"), ("18", "adult"), ("adult", "adult"), (None, "child teen adult"),
    ],
)  # fmt: skip
def test_an_item_s_own_age_rating_counts(rating, ages):
    items = {**ITEMS, "v1": {**ITEMS["v1"], "age_rating": rating}}
    for draft in (text_draft(), set_draft("v1", "v2")):
        for age in LEVELS[:3]:
            found = Safety()(draft, Guidance(age=age), scene(items=items))
            assert found.outcome == ("pass" if age in ages.split() else "fail"), (age, found)


def test_a_rating_that_cannot_be_read_is_unknown():
    items = {**ITEMS, "v1": {**ITEMS["v1"], "age": "ask your parents"}}
    assert Safety()(text_draft(), ASKED, scene(items=items)).outcome == "unknown"


def test_the_words_of_members_count():
    items = {**ITEMS, "v2": {**ITEMS["v2"], "description": "A torture cellar is shown."}}
    assert Safety()(set_draft("v1", "v2"), Guidance(age="teen"), scene(items=items)).outcome == "fail"
    assert Safety()(set_draft("v1", "v3"), Guidance(age="teen"), scene(items=items)).outcome == "pass"
    assert Safety()(set_draft("v2"), Guidance(age="adult"), scene(items=items)).outcome == "pass"
    titled = set_draft(payload=SetPayload("Porn night", ()))
    assert Safety()(titled, Guidance(age="teen"), scene()).outcome == "fail"


def test_a_jurisdiction_may_forbid_a_class():
    gambling = text_draft("A night at the casino.")
    assert Safety()(gambling, ASKED, scene()).outcome == "pass"
    law = Policy(jurisdiction=Jurisdiction(forbidden=("gambling",)))
    assert Safety()(gambling, ASKED, scene(policy=law)).outcome == "fail"


def test_sparing_harmless_texts_the_patterns_loses_nothing():
    """The quick look against the patterns themselves, over texts with listed words, in disguise and at random."""
    walk, letters = random.Random(1), "kil porn.-_*!1 gsx"
    texts = [text for text, _, _ in UNSAFE] + HARMLESS
    texts += ["".join(walk.choice(letters) for _ in range(30)) for _ in range(300)]
    texts += [text.replace("i", "1").replace(" ", walk.choice(" _-")) for text, _, _ in UNSAFE]
    for text in texts:
        patterned = {
            Hit(kind, level, match[0])
            for variant in _variants(text)
            for kind, level, pattern in LIST._patterns
            for match in pattern.finditer(variant)
        }  # fmt: skip
        assert set(LIST.found(text)) == patterned


def test_operators_add_words(tmp_path):
    path = tmp_path / "words.toml"
    path.write_text(
        '[violence]\nteen = ["Krieg*", "Größenwahn", "r-18+"]\n[spoilers]\nnobody = ["the butler did it"]\n'
    )
    words = WordList.read(path)
    assert words.found("Kriegsfilm") == [Hit("violence", "teen", "kriegsfilm")]
    assert words.found("GRÖSSENWAHN und R 18+, r18") == [
        Hit("violence", "teen", "grossenwahn"), Hit("violence", "teen", "r 18+"),
    ]  # fmt: skip
    assert [hit.kind for hit in words.found("The butler did it!")] == ["spoilers"]
    assert words.found("murder")
    assert not LIST.found("Kriegsfilm")


@pytest.mark.parametrize(
    ("content", "error"),
    [('[sex]\nadults = ["x"]', UsageError), ('[sex]\nadult = "x"', InputError), ('sex = "x"', InputError)],
)
def test_a_word_file_with_faults_is_refused(content, error, tmp_path):
    (tmp_path / "words.toml").write_text(content)
    with pytest.raises(error):
        WordList.read(tmp_path / "words.toml")


def labelled(count=60, seed=0):
    """Invented labels: spoilers and clickbait follow their own phrases, the rest is plain."""
    walk = random.Random(seed)
    stems = {
        "spoiler": ("in the end {} dies", "it turns out that {} did it", "finally {} is unmasked"),
        "clickbait": ("you will not believe what {} did", "{} hates this trick", "ten secrets of {}"),
        "": ("{} bakes bread", "a walk with {}", "{} ties a knot"),
    }
    names = ("Ada", "Bo", "Cy", "Di", "Ed", "the baker", "a sailor", "the potter")
    rows = [
        (walk.choice(stems[kind]).format(walk.choice(names)), {kind} - {""}) for kind in stems for _ in range(count)
    ]
    walk.shuffle(rows)
    return [text for text, _ in rows], [labels for _, labels in rows]


def test_a_classifier_learns_the_operator_s_labels(tmp_path):
    texts, labels = labelled()
    fitted = SafetyClassifier.fit(texts, labels)
    assert fitted.kinds == ("clickbait", "spoiler")
    fitted.save(tmp_path / "judge")
    judge = SafetyClassifier.load(tmp_path / "judge")
    fresh, truth = labelled(seed=1)
    for kind in judge.kinds:
        right = [
            (judge.scores(text)[kind] >= 0.5) == (kind in labels) for text, labels in zip(fresh, truth, strict=True)
        ]
        assert np.mean(right) > 0.95
    assert judge.scores("in the end Ada dies") == fitted.scores("in the end Ada dies")
    check = Safety(classifier=judge, levels={"spoiler": "nobody"})
    found = check(text_draft("In the end the sailor dies."), ASKED, scene())
    assert found.outcome == "fail"
    assert found.score > 0.5
    harmless = check(text_draft("The potter bakes bread."), ASKED, scene())
    assert harmless.outcome == "pass"
    assert any("180 labelled texts" in reason for reason in harmless.reasons)


def test_too_few_labels_are_refused():
    texts, labels = labelled(5)
    with pytest.raises(FittingError, match="label 20"):
        SafetyClassifier.fit(texts, labels)
    with pytest.raises(FittingError, match="no text"):
        SafetyClassifier.fit(["a"], [()])


@pytest.mark.parametrize("damage", ["no folder", "no card", "no weights", "other shape"])
def test_a_damaged_classifier_is_refused(damage, tmp_path):
    folder = tmp_path / "judge"
    if damage != "no folder":
        SafetyClassifier(("a",), np.zeros((1, 1 << 16), np.float32), np.zeros(1, np.float32), 3).save(folder)
    if damage == "no card":
        (folder / "safety.json").write_text("{}")
    if damage == "no weights":
        (folder / "safety.safetensors").write_bytes(b"x")
    if damage == "other shape":
        (folder / "safety.json").write_text('{"kinds": ["a", "b"], "examples": 3}')
    with pytest.raises(ArtefactError):
        SafetyClassifier.load(folder)
