"""Which column means what: well-known names for every role, and the names a person gives with --map."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from generec.errors import UsageError, unknown

ROLES: dict[str, tuple[str, ...]] = {
    "user_id": (
        "userid", "user", "uid", "reviewerid", "customerid", "memberid", "visitorid", "accountid", "personid",
        "profileid",
        "useridhash", "uniqueid", "sessionid", "session",
    ),
    "item_id": (
        "itemid", "item", "iid", "movieid", "parentasin", "asin", "productid", "venueid", "locationid", "poiid",
        "placeid",
        "businessid", "gmapid", "bookid", "trackid", "songid", "videoid", "articleid", "newsid", "gameid", "appid",
        "animeid",
        "artistid", "recipeid", "beerid", "courseid", "jobid", "adid", "contentid", "documentid", "docid", "goodsid",
        "photoid", "showid", "sku", "isbn", "product", "movie", "venue",
    ),
    "timestamp": (
        "timestamp", "unixreviewtime", "utctime", "utctimestamp", "unixtime", "time", "ts", "datetime", "date",
        "createdat",
        "eventtime", "checkintime", "ratedat", "ratingtimestamp", "clicktimestamp", "interactiontime", "reviewtime",
        "localtime",
    ),
    "value": (
        "rating", "overall", "score", "stars", "value", "playcount", "plays", "watchratio", "dwell", "dwelltime",
        "dwellsec",
        "dwellseconds", "watchtime", "weight", "label",
    ),
    "event": ("event", "eventtype", "action", "behavior", "behaviour", "behaviortype", "interaction",
    "interactiontype", "type"),
    "split": ("split", "set", "fold", "subset", "partition"),
}  # fmt: skip
"""Names of event columns, best first, in lower case without punctuation."""

SEQUENCES = (
    "itemids", "items", "itemsequence", "sequence", "itemseq", "history", "itemidlist", "historyitemid",
    "historyitemids",
)  # fmt: skip
"""Names of a column that holds a person's items in one cell."""

ITEM_COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("title", "name", "itemtitle", "movietitle", "productname", "producttitle", "itemname", "headline"),
    "description": ("description", "desc", "overview", "productdescription", "about"),
    "brand": ("brand", "store", "manufacturer", "brandname"),
    "creator": ("creator", "author", "authors", "artist", "artistname"),
    "categories": ("categories", "category", "categoryid", "cate"),
    "genres": ("genres", "genre", "class"),
    "tags": ("tags", "keywords", "tag"),
    "year": ("year", "releaseyear"),
    "price": ("price", "listprice", "priceusd"),
    "sales_rank": ("salesrank", "rank"),
}
"""Names of item columns that become the library's own; every other column keeps its name."""

EVENT_OF_VALUE = {
    "rating": "rating", "overall": "rating", "score": "rating", "stars": "rating", "playcount": "play", "plays": "play",
    "watchratio": "play", "watchtime": "play", "dwell": "dwell", "dwelltime": "dwell", "dwellsec": "dwell",
    "dwellseconds": "dwell",
}  # fmt: skip
"""What an event is called when only the name of its value column tells."""


RESERVED = ("", "item_id", "_row", "_file")
"""Names that no descriptive column may take."""


def plain(name: str) -> str:
    """A column name for comparison: lower case, no punctuation, no RecBole type."""
    return re.sub(r"[^a-z0-9]", "", name.split(":", 1)[0].lower())


def find(role: str, columns: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    """The column that plays a role in this table, None when none does."""
    if role in mapping and mapping[role] in columns:
        return mapping[role]
    taken = set(mapping.values())
    by_name = {plain(name): name for name in reversed(columns) if name not in taken}
    return next((by_name[known] for known in ROLES[role] if known in by_name), None)


def find_sequence(columns: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    """The column with a person's items in one cell."""
    if mapping.get("items") in columns:
        return mapping["items"]
    by_name = {plain(name): name for name in reversed(columns)}
    return next((by_name[known] for known in SEQUENCES if known in by_name), None)


def find_item(columns: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    """The id column of an item table; a column called `id` counts where a title stands beside it."""
    found = find("item_id", columns, mapping)
    if found is None and "item_id" not in mapping:
        by_name = {plain(name): name for name in reversed(columns)}
        if "id" in by_name and any(name in by_name for name in ITEM_COLUMNS["title"]):
            return by_name["id"]
        firsts = [name for name in columns if plain(name).endswith("itemid") or plain(name).endswith("asin")]
        return firsts[0] if firsts else None
    return found


def rename_item_columns(columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Old name -> new name for the descriptive columns of an item table; nothing is renamed onto an existing column."""
    renamed = {old: new for new, old in mapping.items() if old in columns and new not in ROLES and new != "items"}
    by_name = {plain(name): name for name in reversed(columns)}
    for new, known in ITEM_COLUMNS.items():
        if new in columns or new in renamed.values():
            continue
        old = next((by_name[name] for name in known if name in by_name and by_name[name] not in renamed), None)
        if old is not None:
            renamed[old] = new
    for old in columns:
        clean = re.sub(r"(?<=[a-z])(?=[A-Z])|\W+", "_", old.split(":", 1)[0].strip()).strip("_").lower()
        if (
            old not in renamed
            and clean not in RESERVED
            and clean != old
            and clean not in columns
            and clean not in renamed.values()
        ):
            renamed[old] = clean
    return renamed


def check_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises UsageError for a mapped column that no table has, with the nearest one that exists."""
    for column in mapping.values():
        if column not in columns:
            raise unknown("column", column, columns)


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """`["user_id=who", ...]` as a dictionary. Raises UsageError for anything else."""
    mapping = {}
    for pair in pairs:
        role, mark, column = pair.partition("=")
        if not mark or not role.strip() or not column.strip():
            raise UsageError(f"--map expects role=column, got {pair!r}; e.g. --map user_id=customer")
        mapping[role.strip()] = column.strip()
    return mapping
