"""Every format of files, written here in small and read back; real sets where they are at hand."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.importers import import_data
from generec.data.importers.headerless import GENRES_100K
from generec.errors import InputError
from generec.types import Dataset

DAY = 86_400


def place(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def rows(dataset: Dataset, *columns: str) -> list[tuple[object, ...]]:
    return list(dataset.events.select(columns or ("user_id", "item_id")).iter_rows())


def item(dataset: Dataset, item_id: str) -> dict[str, object]:
    return dataset.catalog.frame.row(dataset.catalog.row(item_id), named=True)


# MovieLens


def test_movielens_csv(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "ratings.csv": "userId,movieId,rating,timestamp\n1,31,2.5,200\n1,10,3.0,100\n2,10,4.0,150\n",
            "movies.csv": 'movieId,title,genres\n10,"Heat, The (1995)",Action|Crime\n31,Dangerous Minds (1995),Drama\n',
            "tags.csv": "userId,movieId,tag,timestamp\n1,10,Heist,5\n2,10,heist,6\n2,10,slow,7\n",
            "links.csv": "movieId,imdbId,tmdbId\n10,0113277,949\n31,0112792,\n",
            "README.txt": "Summary\n=======\nThis data set, as released, describes ratings, tags, and links.\n",
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "movielens"
    assert rows(dataset, "user_id", "item_id", "timestamp", "event", "value") == [
        ("1", "10", 100, "rating", 3.0),
        ("1", "31", 200, "rating", 2.5),
        ("2", "10", 150, "rating", 4.0),
    ]
    assert item(dataset, "10") == {
        "item_id": "10",
        "title": "Heat, The (1995)",
        "genres": ["Action", "Crime"],
        "imdb_id": "0113277",
        "tmdb_id": "949",
        "year": 1995,
        "tags": ["heist", "slow"],
    }
    assert not dataset.repeats


def test_movielens_1m(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "ratings.dat": "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
            "movies.dat": "661::Amélie: A Tale (2001)::Comedy|Romance\n1193::Cuckoo (1975)::Drama\n".encode("latin-1"),
            "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "movielens"
    assert rows(dataset, "user_id", "item_id", "value") == [("1", "1193", 5.0), ("1", "661", 3.0), ("2", "1193", 4.0)]
    assert item(dataset, "661")["title"] == "Amélie: A Tale (2001)"
    assert item(dataset, "661")["genres"] == ["Comedy", "Romance"]
    assert dataset.users is not None
    assert dataset.users["gender"].to_list() == ["F", "M"]
    assert dataset.users["zip_code"].to_list() == ["48067", "70072"]


def test_movielens_100k(tmp_path: Path) -> None:
    flags = dict.fromkeys(GENRES_100K, "0") | {"Comedy": "1", "Children's": "1"}
    line = "|".join(["1", "Toy Story (1995)", "01-Jan-1995", "", "http://x", *flags.values()])
    other = "|".join(["2", "Misérables, Les (1998)", "01-Jan-1998", "", "http://y", *(["0"] * 18), "1"])
    log = "196\t1\t3\t881250949\n186\t2\t3\t891717742\n"
    folder = place(
        tmp_path,
        {
            "u.data": log,
            "u.item": f"{line}\n{other}\n".encode("latin-1"),
            "u.user": "196|24|M|technician|85711\n186|53|F|other|94043\n",
            "u.genre": "unknown|0\nAction|1\n",
            "u.info": "943 users\n1682 items\n100000 ratings\n",
            "u1.base": log,
            "u1.test": log,
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "movielens"
    assert rows(dataset) == [("196", "1"), ("186", "2")]
    assert item(dataset, "1")["genres"] == ["Children's", "Comedy"]
    assert item(dataset, "2")["title"] == "Misérables, Les (1998)"
    assert dataset.users is not None
    assert dataset.users["age"].to_list() == [24, 53]


# RecBole


def test_recbole_atomic_files(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "toy.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
            "u1\ta\t4\t100.0\nu1\tb\t5\t50.0\n",
            "toy.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
            "a\tToy Story\t1995\tComedy Drama\nb\tHeat\t1996\tAction\n",
            "toy.user": "user_id:token\tage:float\nu1\t24\n",
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "recbole"
    assert rows(dataset, "item_id", "timestamp", "value", "event") == [
        ("b", 50, 5.0, "rating"),
        ("a", 100, 4.0, "rating"),
    ]
    assert item(dataset, "a") == {"item_id": "a", "title": "Toy Story", "year": 1995, "genres": ["Comedy", "Drama"]}
    assert dataset.users is not None
    assert dataset.users.columns == ["user_id", "age"]


def test_recbole_benchmark_files_with_histories(tmp_path: Path) -> None:
    head = "user_id:token\titem_id_list:token_seq\titem_id:token\n"
    folder = place(
        tmp_path,
        {
            "toy.train.inter": head + "u\ta\tb\nu\ta b\tc\nv\tx\ty\n",
            "toy.valid.inter": head + "u\ta b c\td\n",
            "toy.test.inter": head + "u\tb c d\te\nv\tx y\tz\n",
        },
    )
    dataset = import_data(folder)
    assert rows(dataset, "user_id", "item_id", "split") == [
        ("u", "a", "train"),
        ("u", "b", "train"),
        ("u", "c", "train"),
        ("u", "d", "validation"),
        ("u", "e", "test"),
        ("v", "x", "train"),
        ("v", "y", "train"),
        ("v", "z", "test"),
    ]


# Amazon

REVIEWS_2014 = [
    {"reviewerID": "A1", "asin": "B000000001", "overall": 5.0, "unixReviewTime": 3 * DAY, "reviewText": "good"},
    {"reviewerID": "A1", "asin": "B000000002", "overall": 1.0, "unixReviewTime": 2 * DAY, "reviewText": "bad"},
]


def jsonl(*objects: object) -> bytes:
    return "\n".join(json.dumps(value) for value in objects).encode() + b"\n"


def test_amazon_2014_with_loose_metadata(tmp_path: Path) -> None:
    meta = [
        {
            "asin": "B000000001",
            "title": "Nail &amp; Polish",
            "price": 9.5,
            "brand": "O'PI",
            "categories": [["Beauty", "Nails"]],
            "salesRank": {"Beauty": 3},
            "related": {"also_bought": ["B000000009"]},
        },
        {"asin": "B000000002", "title": 'A "quoted" title', "categories": [["Beauty"], ["Beauty", "Hair"]]},
        {"asin": "B000000009", "title": "Never reviewed"},
    ]
    folder = place(
        tmp_path,
        {
            "reviews_Beauty_5.json.gz": gzip.compress(jsonl(*REVIEWS_2014)),
            "meta_Beauty.json.gz": gzip.compress("\n".join(map(repr, meta)).encode()),
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "amazon"
    assert rows(dataset, "item_id", "timestamp", "value") == [
        ("B000000002", 2 * DAY, 1.0),
        ("B000000001", 3 * DAY, 5.0),
    ]
    assert item(dataset, "B000000001") == {
        "item_id": "B000000001",
        "title": "Nail & Polish",
        "price": 9.5,
        "brand": "O'PI",
        "categories": ["Beauty", "Nails"],
    }
    assert item(dataset, "B000000002")["categories"] == ["Beauty", "Hair"]
    assert len(dataset.catalog) == 2
    assert any("without events" in note for note in dataset.info["notes"])


def test_amazon_2018(tmp_path: Path) -> None:
    meta = [
        {
            "asin": "B000000001",
            "title": "Tape",
            "price": "$12.99",
            "category": ["Tools", "Tape"],
            "description": ["Sticks.", "Well."],
        },
        {
            "asin": "B000000001",
            "title": "Tape",
            "price": "$12.99",
            "category": ["Tools", "Tape"],
            "description": ["Sticks.", "Well."],
        },
        {"asin": "B000000002", "title": "Glue", "price": ".a-box-inner{background-color:#fff}", "category": ["Tools"]},
    ]
    folder = place(tmp_path, {"Tools_5.json": jsonl(*REVIEWS_2014), "meta_Tools.json": jsonl(*meta)})
    dataset = import_data(folder)
    assert item(dataset, "B000000001")["price"] == 12.99
    assert item(dataset, "B000000001")["description"] == "Sticks. Well."
    assert item(dataset, "B000000002")["price"] is None
    assert item(dataset, "B000000001")["categories"] == ["Tools", "Tape"]
    assert not dataset.info["findings"]
    assert len(dataset.info["notes"]) == 2


def test_amazon_2023_writes_milliseconds_and_parents(tmp_path: Path) -> None:
    reviews = [
        {
            "rating": 5.0,
            "title": "Great!",
            "text": "x",
            "asin": "V1",
            "parent_asin": "P1",
            "user_id": "A",
            "timestamp": 1_600_000_000_123,
        },
        {
            "rating": 2.0,
            "title": "Meh",
            "text": "y",
            "asin": "V2",
            "parent_asin": "P2",
            "user_id": "A",
            "timestamp": 1_500_000_000_000,
        },
    ]
    meta = [
        {
            "parent_asin": "P1",
            "title": "Lamp",
            "average_rating": 4.5,
            "rating_number": 9,
            "price": 10.0,
            "store": "Acme",
            "categories": ["Home"],
        },
        {
            "parent_asin": "P2",
            "title": "Rug",
            "average_rating": 4.0,
            "rating_number": 2,
            "price": None,
            "store": None,
            "categories": [],
        },
    ]
    folder = place(tmp_path, {"Home.jsonl": jsonl(*reviews), "meta_Home.jsonl": jsonl(*meta)})
    dataset = import_data(folder)
    assert rows(dataset, "item_id", "timestamp") == [("P2", 1_500_000_000), ("P1", 1_600_000_000)]
    assert item(dataset, "P1") == {
        "item_id": "P1",
        "title": "Lamp",
        "price": 10.0,
        "brand": "Acme",
        "categories": ["Home"],
    }


@pytest.mark.parametrize(
    "line",
    [
        "A1,B000000001,5.0,1400000000\nA2,B000000002,4.0,1400000001\n",
        "B000000001,A1,5.0,1400000000\nB000000002,A2,4.0,1400000001\n",
    ],
)
def test_amazon_ratings_only(line: str, tmp_path: Path) -> None:
    """The ratings files of 2014 put the reviewer first, those of 2018 the product."""
    dataset = import_data(place(tmp_path, {"ratings.csv": line}) / "ratings.csv")
    assert dataset.info["format"] == "amazon"
    assert rows(dataset) == [("A1", "B000000001"), ("A2", "B000000002")]


def test_amazon_2023_benchmark_csv(tmp_path: Path) -> None:
    head = "user_id,parent_asin,rating,timestamp,history\n"
    folder = place(
        tmp_path,
        {
            "Toys.train.csv": head + "A,P1,5.0,1000000000000,\nA,P2,5.0,1100000000000,P1\n",
            "Toys.valid.csv": head + "A,P3,5.0,1200000000000,P1 P2\n",
            "Toys.test.csv": head + "A,P4,5.0,1300000000000,P1 P2 P3\n",
        },
    )
    dataset = import_data(folder)
    assert rows(dataset, "item_id", "timestamp", "split") == [
        ("P1", 1_000_000_000, "train"),
        ("P2", 1_100_000_000, "train"),
        ("P3", 1_200_000_000, "validation"),
        ("P4", 1_300_000_000, "test"),
    ]


# MiniOneRec

WINDOW = (
    "user_id,history_item_title,item_title,history_item_id,item_id,history_rating,rating,history_timestamp,timestamp\n"
)
DOCUMENT = {
    str(n): {
        "title": f"Thing {n} &amp; more",
        "description": f"['It is {n}.', 'Really.']",
        "brand": "X",
        "categories": "",
    }
    for n in range(6)
}


def window(user: str, history: list[int], target: int, at: int, shift: int = 0) -> str:
    """A row whose item n has the title `Thing n` and happened at second `at - distance`; ids may be shifted."""
    names = [f"Thing {n} & more" for n in history]
    times = [at - len(history) + k for k in range(len(history))]
    ids = [n + shift for n in history]
    cells = [names, f"Thing {target} & more", ids, target + shift, [5.0] * len(history), 4.0, times, at]
    return user + "," + ",".join(f'"{cell}"' if isinstance(cell, list) else str(cell) for cell in cells) + "\n"


def test_minionerec_windows_with_a_foreign_id_space(tmp_path: Path) -> None:
    """The ids of the csv are not those of the document: titles say which column of the third table joins them."""
    folder = place(
        tmp_path,
        {
            "X.item.json": json.dumps(DOCUMENT, indent=1),
            "X.index.json": json.dumps({"0": ["<a_1>", "<b_2>"]}),
            "X.crosswalk.tsv": "minionerec_id\trere_id\tasin\n" + "".join(f"{n}\t{n + 3}\tB{n}\n" for n in range(6)),
            "X.train.csv": WINDOW + window("u", [0], 1, 101, 3) + window("u", [0, 1], 2, 102, 3),
            "X.valid.csv": WINDOW + window("u", [0, 1, 2], 3, 103, 3),
            "X.test.csv": WINDOW + window("u", [1, 2, 3], 4, 104, 3),
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "minionerec"
    assert rows(dataset, "item_id", "timestamp", "value", "split") == [
        ("0", 100, 5.0, "train"),
        ("1", 101, 4.0, "train"),
        ("2", 102, 4.0, "train"),
        ("3", 103, 4.0, "validation"),
        ("4", 104, 4.0, "test"),
    ]
    assert item(dataset, "2") == {
        "item_id": "2",
        "title": "Thing 2 & more",
        "description": "It is 2. Really.",
        "brand": "X",
        "rere_id": "5",
        "asin": "B2",
    }
    assert len(dataset.catalog) == 6


def test_minionerec_without_training_rows_says_so(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "X.item.json": json.dumps(DOCUMENT),
            "X.valid.csv": WINDOW + window("u", [0, 1, 2], 3, 103),
            "X.test.csv": WINDOW + window("u", [1, 2, 3], 4, 104) + window("v", [5], 5, 104),
        },
    )
    dataset = import_data(folder)
    assert Counter(dataset.events["split"]) == {"train": 4, "validation": 1, "test": 2}
    assert "no training file" in dataset.info["notes"][0]
    assert dataset.repeats  # v took item 5 twice: one of seven events


@pytest.mark.parametrize("time", ["nan", "1e30", "soon", "5 5"])
def test_a_history_with_unreadable_times_is_a_fault(time: str, tmp_path: Path) -> None:
    good = window("u", [0, 1], 2, 102)
    place(
        tmp_path, {"x.train.csv": WINDOW + good + good.replace("[100, 101]", f"[100, {time}]").replace("u,", "v,", 1)}
    )
    with pytest.raises(InputError, match=r"x\.train\.csv, row 3: the history has not one readable time"):
        import_data(tmp_path)
    dataset = import_data(tmp_path, on_error="repair")
    assert rows(dataset) == [("u", "0"), ("u", "1"), ("u", "2"), ("v", "0"), ("v", "1"), ("v", "2")]
    assert dataset.events["timestamp"].null_count() == 6
    assert any("4 of 6 events have a time" in note for note in dataset.info["notes"])


def test_sequences_in_a_document(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "X.item.json": json.dumps(DOCUMENT),
            "X.inter.json": json.dumps({"7": [0, 2, 1], "8": [5, 4]}),
        },
    )
    assert rows(import_data(folder)) == [("7", "0"), ("7", "2"), ("7", "1"), ("8", "5"), ("8", "4")]


def naive_histories(events: list[int], width: int) -> list[tuple[list[int], int]]:
    return [(events[max(0, at - width) : at], events[at]) for at in range(1, len(events))]


@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=12), min_size=1, max_size=4), st.integers(2, 6))
@settings(max_examples=40, deadline=None)
def test_windows_give_back_the_histories_they_were_cut_from(histories: list[list[int]], width: int) -> None:
    """Every event has a time of its own, so that overlaps are certain."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        lines = [
            window(f"u{user}", past, target, 1000 * user + len(events[:at]) + 1)
            for user, events in enumerate(histories)
            for at, (past, target) in enumerate(naive_histories(events, width), 1)
        ]
        place(Path(name), {"x.train.csv": WINDOW + "".join(lines)})
        dataset = import_data(name)
    found = dataset.events.group_by("user_id", maintain_order=True).agg("item_id")["item_id"].to_list()
    assert [[int(n) for n in items] for items in found] == histories


# Sequences


def test_integer_sequences_with_attributes_and_negatives(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "Beauty.txt": "1 1 2 3 4 5\n2 6 7 2\n3 1\n",
            "Beauty_sample.txt": "1 9 9 9\n2 8 8 8\n3 7 7 7\n",
            "Beauty_item2attributes.json": json.dumps({str(n): [n, n + 1] for n in range(1, 8)}),
        },
    )
    dataset = import_data(folder)
    assert dataset.info["format"] == "sequences"
    assert dataset.events["item_id"].to_list() == ["1", "2", "3", "4", "5", "6", "7", "2", "1"]
    assert dataset.events["timestamp"].null_count() == 9
    assert item(dataset, "3")["tags"] == ["3", "4"]


def test_pairs_of_integers(tmp_path: Path) -> None:
    for separator in (" ", "\t"):
        path = tmp_path / f"pairs{ord(separator)}.txt"
        path.write_text("".join(f"{u}{separator}{i}\n" for u, i in ((1, 5), (1, 4), (2, 5), (2, 9), (2, 4))))
        assert rows(import_data(path)) == [("1", "5"), ("1", "4"), ("2", "5"), ("2", "9"), ("2", "4")]


def test_sequence_table_with_an_item_table(tmp_path: Path) -> None:
    folder = place(
        tmp_path,
        {
            "sequences.tsv": "user_id\titem_ids\n1\t3 1 2\n2\t2 2\n",
            "items.tsv": 'item_id\tasin\ttitle\tcategories\tprice\tsales_rank\n1\tB1\t"Quoted start\tA > B\t12.0\t5\n'
            "2\tB2\tPlain | title\tA\t\t\n3\tB3\t\tC > D > E\t3.5\t7\n",
        },
    )
    dataset = import_data(folder)
    assert rows(dataset) == [("1", "3"), ("1", "1"), ("1", "2"), ("2", "2"), ("2", "2")]
    assert dataset.repeats
    assert item(dataset, "1") == {
        "item_id": "1",
        "asin": "B1",
        "title": '"Quoted start',
        "categories": ["A", "B"],
        "price": 12.0,
        "sales_rank": 5,
    }
    assert item(dataset, "2")["title"] == "Plain | title"
    assert item(dataset, "2")["price"] is None


def test_item_table_elsewhere_and_keyed_otherwise(tmp_path: Path) -> None:
    """The id column is the one whose ids the events use."""
    place(
        tmp_path,
        {
            "log/sequences.csv": "user_id,items\n1,B2 B1\n",
            "shop/items.csv": "item_id,asin,title\n1,B1,One\n2,B2,Two\n",
        },
    )
    dataset = import_data(tmp_path / "log", items=tmp_path / "shop" / "items.csv")
    assert dataset.catalog.titles(["B2", "B1"]) == ["Two", "One"]


# Check-ins


def test_checkins_with_a_header(tmp_path: Path) -> None:
    head = "user_id,utc_time,local_time,utc_offset_minutes,venue_id,category,category_group,latitude,longitude\n"
    body = "1,2012-04-21T18:46:19Z,2012-04-21T12:46:19,-360,v1,Airport,Travel,51.1,-114.0\n"
    body += "1,2012-04-21T19:46:19Z,2012-04-21T13:46:19,-360,v2,Café,Food,51.2,-114.1\n" + body
    dataset = import_data(
        place(tmp_path, {"checkins.csv": head + body.replace("1,2012-04-21T18", "1,2012-04-20T18", 1)})
    )
    assert dataset.info["format"] == "checkins"
    assert dataset.repeats
    assert rows(dataset, "item_id", "event") == [("v1", "visit"), ("v1", "visit"), ("v2", "visit")]
    assert dataset.events["timestamp"][0] == 1_334_947_579
    assert item(dataset, "v2") == {
        "item_id": "v2",
        "categories": ["Café"],
        "category_group": "Food",
        "latitude": 51.2,
        "longitude": -114.1,
    }


def test_checkins_without_a_header(tmp_path: Path) -> None:
    foursquare = "470\t49bbd6c0\t4bf58dd8\tArts & Crafts\t40.71\t-74.00\t-240\tTue Apr 03 18:00:09 +0000 2012\n"
    gowalla = "0\t2010-10-19T23:55:27Z\t30.2359\t-97.7951\t22847\n1\t2010-10-18T22:17:43Z\t30.2691\t-97.7493\t420315\n"
    for name, text, first in (
        ("a.txt", foursquare, ("470", "49bbd6c0", 1_333_476_009)),
        ("b.txt", gowalla, ("0", "22847", 1_287_532_527)),
    ):
        dataset = import_data(place(tmp_path, {name: text}) / name)
        assert dataset.info["format"] == "checkins"
        assert rows(dataset, "user_id", "item_id", "timestamp")[0] == first
        assert isinstance(item(dataset, first[1])["latitude"], float)


# Catalogues and plain tables


def test_catalogue_only(tmp_path: Path) -> None:
    text = "movie_id\tname\tgenres\tplot\tstars\timdb_id\n"
    text += "5\tHeat (1995)\taction | crime\tCops | robbers.\tAl P. | Bob D.\ttt01\n6\tUp (2009)\tanimation\t\t\ttt02\n"
    dataset = import_data(
        place(tmp_path, {"movies.tsv": text, "turns.jsonl": jsonl({"dialog_id": 1, "context": ["hi"], "rec": ["Up"]})})
    )
    assert dataset.info["format"] == "catalogue"
    assert dataset.events.height == 0
    assert item(dataset, "5") == {
        "item_id": "5",
        "title": "Heat (1995)",
        "genres": ["action", "crime"],
        "plot": "Cops | robbers.",
        "stars": ["Al P.", "Bob D."],
        "imdb_id": "tt01",
        "year": 1995,
    }


def test_interactions_with_a_split_and_partial_times(tmp_path: Path) -> None:
    text = "user_id\titem_id\tsplit\ttimestamp\n1\tc\ttest\t\n1\tb\ttrain\t200\n1\ta\ttrain\t100\n1\td\tvalid\t\n"
    dataset = import_data(place(tmp_path, {"interactions.tsv": text}))
    assert rows(dataset, "item_id", "split", "timestamp") == [
        ("a", "train", 100),
        ("b", "train", 200),
        ("d", "validation", None),
        ("c", "test", None),
    ]


def test_split_by_file_names_and_events_by_file_names(tmp_path: Path) -> None:
    head = "user_id,item_id,timestamp\n"
    parts = place(
        tmp_path / "a", {"train.csv": head + "u,a,1\n", "dev.csv": head + "u,b,2\n", "test.csv": head + "u,c,3\n"}
    )
    assert rows(import_data(parts), "item_id", "split") == [("a", "train"), ("b", "validation"), ("c", "test")]
    kinds = place(tmp_path / "b", {"clicks.csv": head + "u,a,1\n", "purchases.csv": head + "u,a,2\n"})
    assert rows(import_data(kinds), "item_id", "event") == [("a", "click"), ("a", "purchase")]


# Real data, where it is at hand

COUNTS = {
    "ml-latest-small": (100_004, 671, 9_125, 9_066),
    "ml-1m": (999_611, 6_040, 3_883, 3_416),
    "amazon14-beauty": (198_502, 22_363, 12_101, 12_101),
    "amazon14-cellphones": (194_439, 27_879, 10_429, 10_429),
    "amazon18-industrial": (22_743, 3_285, 3_686, 3_541),
    "foursquare-calgary": (9_317, 130, 604, 604),
    "conversations/redial": (0, 0, 6_583, 0),
    "conversations/opendialkg": (0, 0, 3_672, 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_real_sets_have_their_published_counts(name: str) -> None:
    folder = Path(os.environ.get("GENEREC_DATA", "")) / name
    if not os.environ.get("GENEREC_DATA") or not folder.is_dir():
        pytest.skip("GENEREC_DATA names no folder with this data set")
    dataset = import_data(folder)
    events = dataset.events
    found = (events.height, events["user_id"].n_unique(), len(dataset.catalog), events["item_id"].n_unique())
    assert found == COUNTS[name]
    assert not dataset.info["findings"]
