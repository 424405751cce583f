"""New items from files: the catalogue's types, and errors that name the row."""

import gzip
import json

import polars as pl
import pytest

from generec.data.additions import read_additions
from generec.errors import InputError, UsageError
from small_world import catalog

EXPECTED = {
    "item_id": ["n1", "n2"],
    "title": ["lamp, red", None],
    "genres": [["lamp", "cheap"], None],
    "price": [3.0, None],
    "year": [2001, None],
    "sold": [True, None],
}


def write(path, kind):
    if kind == "csv":
        path.write_text('item_id,title,genres,price,year,sold\nn1,"lamp, red",lamp|cheap,3,2001,true\nn2,,,,,\n')
    elif kind == "tsv":
        path.write_text(
            "item_id\ttitle\tgenres\tprice\tyear\tsold\nn1\tlamp, red\tlamp | cheap\t3\t2001\tTrue\nn2\t\t\t\t\t\n"
        )
    elif kind == "jsonl":
        first = {
            "item_id": "n1",
            "title": "lamp, red",
            "genres": ["lamp", "cheap"],
            "price": 3,
            "year": 2001,
            "sold": True,
        }
        path.write_text(json.dumps(first) + "\n" + json.dumps({"item_id": "n2"}) + "\n")
    elif kind == "parquet":
        pl.DataFrame(EXPECTED).write_parquet(path)
    else:
        path.write_bytes(
            gzip.compress(b'item_id,title,genres,price,year,sold\nn1,"lamp, red",lamp|cheap,3,2001,1\nn2,,,,,\n')
        )
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def test_every_format_gives_the_same_items_in_the_catalogues_types(tmp_path, kind):
    shop = catalog()
    added = read_additions(write(tmp_path / f"items.{kind}", kind), shop)
    assert added.items.frame.select(EXPECTED.keys()).to_dict(as_series=False) == EXPECTED
    assert added.items.frame.schema == {name: shop.frame.schema[name] for name in added.items.frame.columns}
    assert added.ignored == ()
    assert len(shop.append(added.items)) == len(shop) + 2


def table(tmp_path, text):
    path = tmp_path / "items.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("item_id,price\nn1,3\nn2,cheap\n", r"items\.csv, row 3: price must be a number, got 'cheap'"),
        ("item_id,price\nn1,nan\n", r"row 2: price must be a number"),
        ("item_id,price\nn1,inf\n", r"row 2: price must be a number"),
        ("item_id,year\nn1,2001\nn2,2001.5\n", r"row 3: year must be a whole number, got '2001\.5'"),
        ("item_id,sold\nn1,maybe\n", r"row 2: sold must be true or false, got 'maybe'"),
        ("item_id,title\nn1,a\n,b\n", r"row 3: item_id is empty"),
        ("item_id,title\nn1,a\nn2,b\nn1,c\n", r"row 4: item 'n1' occurs twice"),
        ("item_id,title\nn1,a\ni3,b\n", r"row 3: item 'i3' is in the catalogue already"),
        ("name,title\nn1,a\n", "no column item_id, got name, title"),
        ("item_id,title\n", "no items"),
        ("", "empty"),
    ],
)
def test_what_does_not_fit_names_file_row_and_remedy(tmp_path, text, expected):
    with pytest.raises(InputError, match=expected):
        read_additions(table(tmp_path, text), catalog())


def test_a_misspelt_column_is_refused_and_a_strange_one_reported(tmp_path):
    with pytest.raises(UsageError, match="unknown field 'titel'; did you mean 'title'"):
        read_additions(table(tmp_path, "item_id,titel\nn1,lamp\n"), catalog())
    added = read_additions(table(tmp_path, "item_id,title,warehouse\nn1,lamp,B4\n"), catalog())
    assert added.ignored == ("warehouse",)
    assert added.items.frame.columns == ["item_id", "title"]


def test_whole_numbers_written_as_floats_are_whole(tmp_path):
    added = read_additions(table(tmp_path, "item_id,year\nn1,2001.0\n"), catalog())
    assert added.items.frame["year"].to_list() == [2001]


def test_numbers_become_ids_and_origin_is_kept(tmp_path):
    added = read_additions(table(tmp_path, "item_id,origin\n17,created\n18,\n"), catalog())
    assert added.items.item_ids == ["17", "18"]
    assert added.items.frame["origin"].to_list() == ["created", None]


def test_dates_are_read_in_the_type_of_the_catalogue(tmp_path):
    from datetime import date, datetime

    from generec.types import Catalog

    shop = Catalog(pl.DataFrame({"item_id": ["a"], "on": [date(2024, 1, 1)], "at": [datetime(2024, 1, 1, 8)]}))
    added = read_additions(table(tmp_path, "item_id,on,at\nb,2024-05-31,2024-05-31 20:30:00\n"), shop)
    assert added.items.frame.row(0) == ("b", date(2024, 5, 31), datetime(2024, 5, 31, 20, 30))
    with pytest.raises(InputError, match=r"row 2: on must be a date such as 2024-05-31, got 'soon'"):
        read_additions(table(tmp_path, "item_id,on\nb,soon\n"), shop)


def test_a_missing_file_and_a_pickle_are_refused(tmp_path):
    import pickle

    with pytest.raises(InputError, match="no such file"):
        read_additions(tmp_path / "absent.csv", catalog())
    (tmp_path / "items.csv").write_bytes(pickle.dumps({"item_id": "n"}))
    with pytest.raises(InputError, match="pickle"):
        read_additions(tmp_path / "items.csv", catalog())
