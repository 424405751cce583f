"""OpenAI's protocol, asked by its official client over a real connection."""

import json
import logging
import threading
import urllib.error
import urllib.request
from dataclasses import replace

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generec.serving.openai.text import cut, tokens
from generec.serving.store.keys import KeyRing
from small_world import dataset

PRICES = dict(zip(dataset().catalog.item_ids, dataset().catalog.frame["price"], strict=True))


def ask(client, *words, model="generec", **more):
    """A conversation whose messages are what was said, with the answers between them left out."""
    messages = [{"role": "user", "content": each} for each in words]
    return client.chat.completions.create(model=model, messages=messages, **more)


def shown(answer):
    """Items of the slate; now and then the router adds a made set, which is none."""
    return [each["item_id"] for each in answer.generec["turn"]["slate"] if each["item_id"]]


def test_a_completion_is_a_turn_of_the_loop(client):
    answer = ask(client, "lamps with price below 20", user="u3", temperature=0.2)
    content = answer.choices[0].message.content
    assert (answer.object, answer.model) == ("chat.completion", "shop-1")
    assert answer.id.startswith("chatcmpl-")
    assert answer.choices[0].finish_reason == "stop"
    first, *lines = content.splitlines()
    assert "price < 20" in first
    assert [place for place in shown(answer) if f"({place})" in content] == shown(answer)
    assert any(each.startswith("1. lamp number") for each in lines)
    assert all(PRICES[item] < 20 for item in shown(answer))
    assert answer.generec["turn"]["guidance"]["user_id"] == "u3"
    usage = answer.usage
    assert usage.prompt_tokens == 5
    assert usage.completion_tokens == tokens(content)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_the_conversation_is_in_its_messages(client):
    messages = [{"role": "system", "content": "You are a pirate."}]
    for words in ("price below 20", "only lamps"):
        messages.append({"role": "user", "content": words})
        answer = client.chat.completions.create(model="shop-1", messages=messages)
        messages.append(answer.choices[0].message.model_dump())  # as clients send answers back
    assert answer.generec["unread_messages"] == [0]
    conditions = [each["condition"]["field"] for each in answer.generec["turn"]["guidance"]["hard"]]
    assert sorted(conditions) == ["genres", "price"]
    again = ask(client, "price below 20", "only lamps")
    assert shown(again) == shown(answer)


def test_undo_answers_as_before_and_reset_forgets(client):
    first = ask(client, "price below 20")
    undone = ask(client, "price below 20", "only lamps", "undo")
    assert shown(undone) == shown(first)
    assert shown(ask(client, "price below 20", "only lamps", "undo", "only lamps")) == shown(
        ask(client, "price below 20", "only lamps")
    )
    reset = ask(client, "price below 20", "start over", "lamps")
    assert "price" not in reset.choices[0].message.content.splitlines()[0]
    assert ask(client, "undo").choices[0].message.content


def test_a_question_ends_the_answer_and_is_answered_by_an_option(client):
    messages = [{"role": "user", "content": "price below 5 and above 30"}]
    first = client.chat.completions.create(model="generec", messages=messages)
    content, asked = first.choices[0].message.content, first.generec["turn"]["question"]
    assert content.endswith("(price < 5 / price > 30)?")
    assert content.count("which of them counts") == 1
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": asked["options"][0]}]
    second = client.chat.completions.create(model="generec", messages=messages)
    assert shown(second)
    assert all(PRICES[item] < 5 for item in shown(second))
    streamed = list(client.chat.completions.create(model="generec", messages=messages, stream=True))
    assert (
        "".join(each.choices[0].delta.content or "" for each in streamed).rstrip() == second.choices[0].message.content
    )


def test_words_point_at_the_slate_before(client, store):
    nothing_made = {"edit": lambda profile: replace(profile, consent=False), "by": "test", "act": "edit profile"}
    store.people.change("default", "points", **nothing_made)  # so that no draft that is tried out stands in between
    first = ask(client, "price below 20", user="points")
    why = ask(client, "price below 20", "why the second one?", user="points").generec["turn"]["guidance"]
    assert (why["act"], why["item_id"]) == ("explain", shown(first)[1])
    for words in (("only lamps", "undo", "like the third one"), ("like the third one", "only lamps")):
        found = ask(client, "price below 20", *words, user="points").generec["turn"]["guidance"]
        assert [each["item_id"] for each in found["anchors"]] == [shown(first)[2]]


def test_what_is_made_is_labelled_and_shows_its_members(client):
    answer = ask(client, "make me a set of 3 lamps", user="u3", seed=7)
    made = next(each for each in answer.generec["turn"]["slate"] if each["mode"] == "created")
    content = answer.choices[0].message.content
    assert f"[{made['label']}]" in content
    members = [line for line in content.splitlines() if line.startswith("   - lamp number")]
    assert len(members) == 3


def test_a_stream_says_the_same_piece_by_piece(client):
    whole = ask(client, "price below 20", "only lamps")
    stream = ask(client, "price below 20", "only lamps", stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts).rstrip() == whole.choices[0].message.content
    assert len([each for each in texts if each]) > 3
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    last = next(chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason)
    assert last.choices[0].finish_reason == "stop"
    assert [each["item_id"] for each in last.generec["turn"]["slate"]] == shown(whole)
    assert chunks[-1].usage == whole.usage


def test_a_limit_on_tokens_is_kept_in_both_forms(client):
    for most in (1, 9, 40):
        answer = ask(client, "lamps", max_completion_tokens=most)
        assert answer.usage.completion_tokens == most
        assert answer.choices[0].finish_reason == "length"
        chunks = list(ask(client, "lamps", max_tokens=most, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == answer.choices[0].message.content
        assert chunks[-1].choices[0].finish_reason == "length"


def test_models_are_those_that_answer(client):
    assert [each.id for each in client.models.list()] == ["shop-1", "generec"]
    assert client.models.retrieve("shop-1").owned_by == "default"
    assert client.models.retrieve("generec").created > 0
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("gpt-5")
    assert error.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError, match="shop-1"):
        ask(client, "lamps", model="gpt-5")


def test_keys_scopes_and_tenants_are_those_of_the_api(connect, secret, served):
    secret("read")
    with pytest.raises(openai.AuthenticationError) as error:
        ask(connect("sk-unknown"), "lamps")
    assert error.value.code == "invalid_api_key"
    foreign = connect(secret("admin", tenant="other"))
    with pytest.raises(openai.PermissionDeniedError):
        ask(foreign, "lamps")
    with pytest.raises(openai.PermissionDeniedError):
        foreign.models.list()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{served[1]}/models")
    assert refused.value.code == 401


def test_before_there_is_a_key_any_will_do_on_this_machine(connect, secret, store, monkeypatch):
    anybody = connect("none")
    secret("read")
    with pytest.raises(openai.AuthenticationError):
        anybody.models.list()
    monkeypatch.setattr(store.keys.ring, "_kept", (float("inf"), KeyRing({})))
    assert len(list(anybody.models.list())) == 2


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"n": 2}, "n", "unsupported_value"),
        ({"logprobs": True}, "logprobs", "unsupported_value"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "unsupported_parameter"),
        ({"stop": "\n"}, "stop", "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, "response_format", "invalid_value"),
        ({"extra_body": {"surprise": 1}}, "surprise", "unsupported_parameter"),
        ({"extra_body": {"generec": {"k": 0}}}, "generec.k", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(client, more, param, code):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, "lamps", **more)
    assert (error.value.param, error.value.code, error.value.type) == (param, code, "invalid_request_error")


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "messages[0].content"),
        ([{"role": "user", "content": "lamps"}, {"role": "assistant", "content": "?"}], "messages"),
        ([{"role": "user", "content": " "}], "messages"),
        ([{"role": "tool", "content": "x", "tool_call_id": "c"}], "messages[0].role"),
        ([{"role": "user", "content": "lamps"}] * 51, "messages"),
        ([{"role": "user", "content": "x" * 2001}], "messages[0]"),
        ([], "messages"),
    ],
)
def test_conversations_that_cannot_be_answered_are_refused(client, messages, param):
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="generec", messages=messages)
    assert error.value.param == param


def test_text_parts_are_text(client):
    parts = [{"type": "text", "text": "price below"}, {"type": "text", "text": "20"}]
    answer = client.chat.completions.create(model="generec", messages=[{"role": "user", "content": parts}])
    assert all(PRICES[item] < 20 for item in shown(answer))


def test_too_many_at_once_are_told_when_to_come_back(client, served):
    parts, busy = served[0].state.parts, threading.Event()
    parts._thread.submit(busy.wait, 60)
    before, parts.talking = parts.talking, parts.settings.talks
    try:
        with pytest.raises(openai.RateLimitError) as error:
            ask(client, "lamps")
        assert int(error.value.response.headers["retry-after"]) >= 1
        with pytest.raises(openai.RateLimitError):
            ask(client, "lamps", stream=True)
    finally:
        parts.talking = before
        busy.set()


def test_a_key_that_asks_too_often_is_told_so(connect, secret, served, monkeypatch):
    parts, hasty = served[0].state.parts, connect(secret("read"))
    monkeypatch.setattr(parts, "settings", replace(parts.settings, rate=0.01))
    assert len(list(hasty.models.list())) == 2
    with pytest.raises(openai.RateLimitError) as error:
        hasty.models.list()
    assert (error.value.code, error.value.type) == ("rate_limit_exceeded", "requests")
    assert int(error.value.response.headers["retry-after"]) > 10


def test_failures_keep_the_shape(client, served, monkeypatch, secret):
    def broken(*_):
        raise RuntimeError("canary-7f3a")

    monkeypatch.setattr("generec.serving.openai.routes.answered", broken)
    with pytest.raises(openai.InternalServerError) as error:
        ask(client, "lamps")
    assert "request id" in error.value.body["message"]
    assert "canary" not in str(error.value.body)
    request = urllib.request.Request(f"{served[1]}/embeddings", b"{}", {"authorization": f"Bearer {secret('read')}"})
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(request)
    assert "chat/completions" in json.load(missing.value)["error"]["message"]


def test_the_request_log_tells_these_routes_from_the_others(client, caplog):
    caplog.set_level(logging.INFO, logger="generec.serving.requests")
    ask(client, "lamps", user="canary-7f3a")
    list(client.models.list())
    lines = [json.loads(one.message) for one in caplog.records if one.name == "generec.serving.requests"]
    assert [(line["route"], line["status"]) for line in lines] == [("/chat/completions", 200), ("/models", 200)]
    assert {line["tenant"] for line in lines} == {"default"}
    assert "canary" not in caplog.text


def test_one_who_leaves_a_stream_leaves_nothing_behind(client, served):
    stream = ask(client, "lamps", stream=True)
    next(iter(stream))
    stream.close()
    assert ask(client, "lamps").choices
    assert served[0].state.parts.talking == 0


@given(st.lists(st.text(alphabet="ab é,.\n", max_size=8), max_size=5), st.integers(1, 12))
def test_cut_keeps_a_beginning_of_so_many_tokens(pieces, most):
    text, kept = "".join(pieces), "".join(cut(pieces, most))
    assert text.startswith(kept)
    assert sum(map(tokens, cut(pieces, most))) <= most
    assert "".join(cut(pieces, None)) == text
