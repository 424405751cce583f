"""Three small catalogues to say sentences about: films, a shop and clips. Every title, maker and price is invented."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType

import polars as pl

from generec.encoders.tfidf import TfidfEncoder
from generec.loop.instructor import EmbeddedInstructor
from generec.loop.meaning import Meaning
from generec.types import Catalog, Events

_FILMS = [
    ("Lantern Road (1984)", "Drama", "A teacher walks home through the war."),
    ("Copper Moon, The (1971)", "Western|Comedy", ""),
    ("Glass Orchard (1961)", "Romance", ""),
    ("Glass Orchard (1999)", "Romance|Drama", ""),
    ("Blizzard (1978)", "Thriller", ""),
    ("Iron Parade: Part One (1980)", "Sci-Fi|Action", ""),
    ("Iron Parade: Part Two (1983)", "Sci-Fi|Action", ""),
    ("Hush, Little Fox (1994)", "Children's|Animation", ""),
    ("Quicksilver Heist (1988)", "Crime|Thriller", ""),
    ("Romance (1997)", "Drama", ""),
    ("Seven Bridges Burning (1944)", "War", ""),
    ("Tin Piano (1955)", "Musical", ""),
    ("Paper Wolves (1992)", "Horror", ""),
    ("Velvet Alibi (1947)", "Film-Noir|Mystery", ""),
    ("Skylark (1968)", "Adventure|Fantasy", ""),
    ("Salt and Cedar (1990)", "Documentary", ""),
    ("Nobody's Umbrella (1986)", "Comedy", ""),
    ("Old Quarry (1933)", "Mystery", ""),
]
_SHOP = [
    ("Alvora Night Renewal Cream, 1.7 Ounce", "Alvora", "Skin Care|Face|Night Creams", 14.5, 12),
    ("Alvora Cloud Body Wash, Lime, 10 Fl. Ounce", "Alvora", "Bath & Body|Cleansers|Body Washes", 6.0, 300),
    ("Old Mill Nail Lacquer, Not Quite Plum, 0.5 Fluid Ounce", "Old Mill", "Makeup|Nails|Nail Polish", 7.25, 40),
    ("Old Mill Acetone Nail Polish Remover", "Old Mill", "Makeup|Nails|Nail Polish Remover", 3.5, 41),
    ("Brisk Volume Mascara, Black", "Brisk", "Makeup|Eyes|Mascara", 9.0, 5),
    ("BRISK Jumbo Lash Mascara", "BRISK", "Makeup|Eyes|Mascara", 11.0, 6),
    ("Simple Calm Shampoo, 8 oz", "Simple", "Hair Care|Shampoos", 5.0, 70),
    ("Talvi Daily Shampoo", "Talvi", "Hair Care|Shampoos", 8.0, 71),
    ("Talvi Daily Conditioner", "Talvi", "Hair Care|Conditioners", 8.5, 72),
    ("Quist Pomade", "Quist & Sons", "Hair Care|Pomades & Waxes", 12.0, 80),
    ("Quist Cologne", "Quist & Sons", "Fragrance|Men's|Cologne", 42.0, 81),
    ("Lumera Body Mist", "Lumera", "Fragrance|Women's|Body Sprays", 18.0, 82),
    ("Lumera Velvet Lipstick, Rust", "Lumera", "Makeup|Lips|Lipstick", 13.0, 83),
    ("Lumera Shine Lip Gloss", "Lumera", "Makeup|Lips|Lip Glosses", 10.0, 84),
    ("Harrow Ionic Hair Dryer", "Harrow", "Hair Care|Styling Tools|Hair Dryers", 36.75, 90),
    ("Harrow Comb", "Harrow", "Hair Care|Styling Tools|Combs", 2.5, 91),
    ("Talvi Sun Milk SPF 30", "Talvi", "Skin Care|Sun|Sunscreens", 15.0, 92),
    ("Alvora Day Moisturizer", "Alvora", "Skin Care|Face|Moisturizers", 16.0, 93),
    ("Harrow Curler", "Harrow", "Hair Care|Styling Tools|Irons|Curling Irons", 22.0, 94),
    ("Nail Files, Set of 10", None, "Makeup|Nails|Nail Files & Buffers", 4.0, 95),
]
_CLIPS = [
    (
        "video",
        "Otters at Dawn",
        "wildlife",
        "mammals|otters|gentle",
        "Mira Holt",
        "The Riverside Diaries",
        1,
        12.0,
        0.0,
        0.2,
        None,
    ),
    (
        "video",
        "Otters by Night",
        "wildlife",
        "mammals|otters",
        "Mira Holt",
        "The Riverside Diaries",
        2,
        55.0,
        2.5,
        0.6,
        None,
    ),
    ("article", "Ink and Lead", "craft", "printing|letterpress-cards", "Ivan Holt", None, None, 9.0, 0.0, 0.4, None),
    ("event", "Choir Evening", "music", "choirs|jazz", "Oda Lind", None, None, 90.0, 18.0, 0.5, "Cooper's Yard"),
    (
        "event",
        "Night Market Walk",
        "food",
        "markets|night-markets",
        "Oda Lind",
        None,
        None,
        120.0,
        0.0,
        0.7,
        "Pier Seven",
    ),
    ("video", "Beginner's Bread", "food", "bread|sourdough-loaves", "Sven Arden", None, None, 33.0, 0.0, 0.3, None),
    ("article", "On Reels and Frames", "film", "film|film-scores", "Mira Holt", None, None, 14.0, 1.0, 0.5, None),
    (
        "video",
        "Piano for Late Starters",
        "music",
        "piano|piano-preludes",
        "Nell Ostrow",
        "Slow Keys",
        1,
        48.0,
        4.0,
        0.1,
        None,
    ),
    ("video", "Guitar by the Fire", "music", "guitar", "Nell Ostrow", None, None, 25.0, 0.0, 0.4, None),
    (
        "article",
        "Index Funds Explained",
        "money",
        "investing|index-funds",
        "Pavel Green",
        None,
        None,
        11.0,
        0.0,
        0.3,
        None,
    ),
    ("video", "Knots and Ropes", "travel", "climbing|sailing", "Sven Arden", None, None, 18.0, 3.0, 0.8, None),
    (
        "article",
        "Coral Atolls: One Bold Tale",
        "science",
        "oceans|coral-atolls|bold",
        "Pavel Green",
        None,
        None,
        20.0,
        0.0,
        0.6,
        None,
    ),
]


@cache
def bench() -> ModuleType:
    """The bench that scores instructors: the tests compare slots by its rules."""
    path = Path(__file__).parents[2] / "bench" / "instruct.py"
    spec = importlib.util.spec_from_file_location("bench_instruct", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_instruct"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def instructor(name: str) -> EmbeddedInstructor:
    frame = {"films": _films, "shop": _shop, "clips": _clips}[name]()
    catalog = Catalog(frame)
    return EmbeddedInstructor(Meaning(catalog, TfidfEncoder(dimensions=8).fit(catalog, Events.pack([]))))


def _films() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": [f"f{at}" for at in range(len(_FILMS))],
            "title": [film[0] for film in _FILMS],
            "genres": [film[1].split("|") for film in _FILMS],
            "year": [int(film[0][-5:-1]) for film in _FILMS],
            "plot": [film[2] for film in _FILMS],
        }
    )


def _shop() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": [f"p{at}" for at in range(len(_SHOP))],
            "title": [item[0] for item in _SHOP],
            "brand": [item[1] for item in _SHOP],
            "categories": [["Beauty", *item[2].split("|")] for item in _SHOP],
            "price": [item[3] for item in _SHOP],
            "sales_rank": [item[4] for item in _SHOP],
        }
    )


def _clips() -> pl.DataFrame:
    columns = ("kind", "title", "topic", "tags", "creator", "series", "episode", "duration", "price", "energy", "place")
    frame = pl.DataFrame(_CLIPS, schema=columns, orient="row")
    return frame.with_columns(
        pl.Series("item_id", [f"c{at}" for at in range(len(_CLIPS))]),
        pl.col("tags").str.split("|"),
        pl.Series("published", [date(2022 + at % 4, 1 + at, 1 + at) for at in range(len(_CLIPS))]),
        pl.when(pl.col("kind") == "event").then(9.0).alias("opens"),
        pl.when(pl.col("kind") == "event").then(22.0).alias("closes"),
    )
