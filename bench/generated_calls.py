"""Calls of a client that was generated as the package `shop_client`, against a running server: one JSON line.

python bench/generated_calls.py ADDRESS KEY        # with the package's folder on PYTHONPATH; see generated_client.py
"""

from __future__ import annotations

import json
import sys

from shop_client import AuthenticatedClient, Client
from shop_client.api.feedback import send_event, send_events
from shop_client.api.items import delete_item, get_item, search_items, upsert_items
from shop_client.api.loop import turn
from shop_client.api.models import list_models
from shop_client.api.recommend import recommend, similar
from shop_client.api.server import healthz
from shop_client.api.users import add_profile_line, export_person, forget_person, read_profile
from shop_client.models import (
    Event,
    EventKind,
    Events,
    ItemRows,
    ItemRowsItemsItem,
    LineAsk,
    RecommendAsk,
    SimilarAsk,
    TurnAsk,
)

PERSON = "generated/client"


def called(address: str, key: str) -> dict[str, bool]:
    """Whether each call was answered by a typed object that says what it must."""
    keyless, client = Client(address), AuthenticatedClient(address, key)
    found = {"healthz": healthz.sync(client=keyless).status == "alive"}
    row = ItemRowsItemsItem.from_dict({"item_id": "new lamp", "title": "A new lamp", "genres": ["lamp"], "price": 12.5})
    found["upsert_items"] = upsert_items.sync(client=client, body=ItemRows(items=[row])).created == 1
    found["search_items"] = [one.item_id for one in search_items.sync(client=client, q="new lamp").items] == [
        "new lamp"
    ]
    item = get_item.sync("new lamp", client=client)
    found["get_item"] = item.fields["price"] == 12.5 and len(item.codes) > 0
    slate = recommend.sync(client=client, body=RecommendAsk(user_id=PERSON, k=5, filters=["genres = lamp"]))
    found["recommend"] = [one.rank for one in slate.items] == [1, 2, 3, 4, 5]
    found["similar"] = similar.sync(client=client, body=SimilarAsk(item_ids=["i1"], k=3))[0].item_id == "i1"
    event = Event(kind=EventKind.LIKE, user_id=PERSON, item_id="i1", turn=slate.id)
    once = send_event.sync(client=client, body=event, idempotency_key="generated-1")
    again = send_event.sync(client=client, body=event, idempotency_key="generated-1")
    found["send_event"] = once == again and once.stored == 1
    found["send_events"] = send_events.sync(client=client, body=Events(events=[event, event])).stored == 2
    line = LineAsk(text="warm light", condition="genres = lamp", weight=0.5)
    found["add_profile_line"] = add_profile_line.sync(PERSON, client=client, body=line).lines[0].text == "warm light"
    found["read_profile"] = read_profile.sync(PERSON, client=client).consent
    answer = turn.sync(client=client, body=TurnAsk(words="lamps below 30", user_id=PERSON, k=3))
    found["turn"] = answer.guidance.user_id == PERSON and len(answer.slate) > 0
    exported = export_person.sync(PERSON, client=client).to_dict()
    found["export_person"] = sum(one["kind"] == "like" for one in exported["events"]) == 3
    found["list_models"] = [one.state for one in list_models.sync(client=client)] == ["active"]
    found["forget_person"] = forget_person.sync(PERSON, client=client).known
    found["delete_item"] = delete_item.sync("new lamp", client=client).deleted == 1
    found["get_item, none"] = get_item.sync("new lamp", client=client).status == 404
    found["recommend, too much"] = (
        recommend.sync(client=client, body=RecommendAsk(k=1000)).errors[0].pointer == "/body/k"
    )
    found["recommend, no key"] = recommend.sync_detailed(client=keyless, body=RecommendAsk()).parsed.status == 401
    return found


if __name__ == "__main__":
    print(json.dumps(called(*sys.argv[1:])))
