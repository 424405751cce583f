"""A policy file is read as it is meant, or refused with the nearest right word."""

from datetime import date

import pytest

from generec.errors import InputError, UsageError
from generec.fidelity.policy import CHECKS, Policy, policy_of, read_policy

WHOLE = """
name = "shop"
allow_network = true
sidecar_only = true
users = 7
max_ai_share = 0.2
jurisdiction = "law.toml"

[checks.text]
bias = "block"
safety = "warn"

[rights."TERMS.txt"]
publish = true
commercial = false
attribution = ["Ada Long"]
territories = ["DE", "AT"]
expires = 2030-12-31
"""
LAW = 'name = "DE"\nwatermark_from = 100\nadvert_words = ["Anzeige"]\nlabel_words = ["KI"]\nforbidden = ["gambling"]\n'


def test_a_policy_file_is_read(tmp_path):
    (tmp_path / "policy.toml").write_text(WHOLE)
    (tmp_path / "law.toml").write_text(LAW)
    policy = read_policy(tmp_path / "policy.toml")
    assert (policy.name, policy.allow_network, policy.users) == ("shop", True, 7)
    assert [policy.severity("text", check) for check in ("bias", "safety", "privacy")] == ["block", "warn", "block"]
    assert policy.jurisdiction.advert_words == ("Anzeige",)
    rights = policy.rights["TERMS.txt"]
    assert (rights.publish, rights.commercial, rights.derivatives) == (True, False, None)
    assert (rights.territories, rights.expires) == (frozenset({"DE", "AT"}), date(2030, 12, 31))


def test_an_empty_file_is_the_default():
    assert policy_of({}) == Policy()


@pytest.mark.parametrize("kind", ["text", "set"])
def test_by_default_all_but_bias_block(kind):
    severities = {check: Policy().severity(kind, check) for check in Policy().required(kind)}
    assert severities == {check: "warn" if check == "bias" else "block" for check in CHECKS}


@pytest.mark.parametrize(
    ("tables", "nearest"),
    [
        ({"allow_networks": True}, "allow_network"),
        ({"checks": {"texts": {}}}, "text"),
        ({"checks": {"text": {"saftey": "warn"}}}, "safety"),
        ({"rights": {"T": {"comercial": True}}}, "commercial"),
        ({"jurisdiction": {"label_word": ["AI"]}}, "label_words"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(tables, nearest):
    with pytest.raises(UsageError, match=f"did you mean '{nearest}'"):
        policy_of(tables)


@pytest.mark.parametrize(
    "tables",
    [
        {"allow_network": "true"},
        {"users": 2.5},
        {"checks": {"text": {"safety": "off"}}},
        {"checks": {"text": "block"}},
        {"rights": ["own"]},
        {"rights": {"T": "own"}},
        {"rights": {"T": {"expires": "soon"}}},
        {"jurisdiction": {"watermark_from": "many"}},
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tables):
    with pytest.raises(InputError):
        policy_of(tables)


def test_an_operators_own_check_is_named_on_purpose():
    tables = {"checks": {"set": {"toxicity": "warn"}}}
    with pytest.raises(UsageError, match="unknown check"):
        policy_of(tables)
    policy = policy_of(tables, further=("toxicity",))
    assert policy.required("set") == (*CHECKS, "toxicity")
    assert policy.required("text") == CHECKS


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", None])
def test_an_unreadable_file_is_refused(content, tmp_path):
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"policy\.toml"):
        read_policy(path)
