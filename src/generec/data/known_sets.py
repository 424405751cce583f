"""Public data sets that can be fetched by name: where they are, under which terms, and who vouches for their bytes.

Nothing here is a checksum: MovieLens publishes one beside each archive, which is read at the time of the download.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set. `checksum_url`: where upstream publishes its checksum, None where it publishes none."""

    name: str
    url: str
    checksum_url: str | None = None


@dataclass(frozen=True)
class KnownSet:
    """A data set that upstream offers. `importer`: the format's name for `generec data import --format`."""

    name: str
    title: str
    files: tuple[RemoteFile, ...]
    licence: str
    licence_url: str
    importer: str


_MOVIELENS = "https://files.grouplens.org/datasets/movielens"
_MOVIELENS_TERMS = (
    "GroupLens, University of Minnesota: for research; cite Harper and Konstan (2015); no redistribution and no "
    "commercial use without permission (some releases allow redistribution under the same terms); no endorsement "
    "may be implied. The README at the address below is what counts."
)
_AMAZON_TERMS = (
    "Product reviews collected by the McAuley Lab, UC San Diego, who ask for citation and offer them for research; "
    "no licence is granted for the texts and pictures, which belong to their authors and sellers. The page at the "
    "address below is what counts."
)
_AMAZON_2014 = (
    "Amazon_Instant_Video Apps_for_Android Automotive Baby Beauty Books CDs_and_Vinyl Cell_Phones_and_Accessories "
    "Clothing_Shoes_and_Jewelry Digital_Music Electronics Grocery_and_Gourmet_Food Health_and_Personal_Care "
    "Home_and_Kitchen Kindle_Store Movies_and_TV Musical_Instruments Office_Products Patio_Lawn_and_Garden "
    "Pet_Supplies Sports_and_Outdoors Tools_and_Home_Improvement Toys_and_Games Video_Games"
)
_AMAZON_2018 = (
    "AMAZON_FASHION All_Beauty Appliances Arts_Crafts_and_Sewing Automotive Books CDs_and_Vinyl "
    "Cell_Phones_and_Accessories Clothing_Shoes_and_Jewelry Digital_Music Electronics Gift_Cards "
    "Grocery_and_Gourmet_Food Home_and_Kitchen Industrial_and_Scientific Kindle_Store Luxury_Beauty "
    "Magazine_Subscriptions Movies_and_TV Musical_Instruments Office_Products Patio_Lawn_and_Garden Pet_Supplies "
    "Prime_Pantry Software Sports_and_Outdoors Tools_and_Home_Improvement Toys_and_Games Video_Games"
)
_AMAZON_2023 = (
    "All_Beauty Amazon_Fashion Appliances Arts_Crafts_and_Sewing Automotive Baby_Products Beauty_and_Personal_Care "
    "Books CDs_and_Vinyl Cell_Phones_and_Accessories Clothing_Shoes_and_Jewelry Digital_Music Electronics Gift_Cards "
    "Grocery_and_Gourmet_Food Handmade_Products Health_and_Household Health_and_Personal_Care Home_and_Kitchen "
    "Industrial_and_Scientific Kindle_Store Magazine_Subscriptions Movies_and_TV Musical_Instruments Office_Products "
    "Patio_Lawn_and_Garden Pet_Supplies Software Sports_and_Outdoors Subscription_Boxes Tools_and_Home_Improvement "
    "Toys_and_Games Unknown Video_Games"
)


@cache
def known_sets() -> dict[str, KnownSet]:
    """All sets by name: ml-… , amazon14-…, amazon18-… and amazon23-… with the category in lower case and hyphens."""
    readmes = {"ml-100k": "txt", "ml-1m": "txt"}
    sizes = ("ml-latest-small", "ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m")
    found = [_movielens(name, readmes.get(name, "html")) for name in sizes]
    found += [_amazon_2014(category) for category in _AMAZON_2014.split()]
    found += [_amazon_2018(category) for category in _AMAZON_2018.split()]
    found += [_amazon_2023(category) for category in _AMAZON_2023.split()]
    return {known.name: known for known in found}


def _movielens(name: str, readme: str) -> KnownSet:
    url = f"{_MOVIELENS}/{name}.zip"
    archive = RemoteFile(f"{name}.zip", url, f"{url}.md5")
    terms = f"{_MOVIELENS}/{name}-README.{readme}"
    return KnownSet(name, f"MovieLens {name[3:]}", (archive,), _MOVIELENS_TERMS, terms, "movielens")


def _amazon(year: int, category: str, reviews: str, items: str, terms: str) -> KnownSet:
    name = f"amazon{year % 100}-{category.lower().replace('_', '-')}"
    files = tuple(RemoteFile(url.rsplit("/", 1)[1], url) for url in (reviews, items))
    title = f"Amazon reviews {year}, {category.replace('_', ' ')}"
    return KnownSet(name, title, files, _AMAZON_TERMS, terms, "amazon")


def _amazon_2014(category: str) -> KnownSet:
    root = "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles"
    terms = "https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html"
    return _amazon(2014, category, f"{root}/reviews_{category}_5.json.gz", f"{root}/meta_{category}.json.gz", terms)


def _amazon_2018(category: str) -> KnownSet:
    root = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2"
    reviews, items = f"{root}/categoryFilesSmall/{category}_5.json.gz", f"{root}/metaFiles2/meta_{category}.json.gz"
    return _amazon(2018, category, reviews, items, "https://nijianmo.github.io/amazon/index.html")


def _amazon_2023(category: str) -> KnownSet:
    root = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/raw"
    reviews = f"{root}/review_categories/{category}.jsonl.gz"
    items = f"{root}/meta_categories/meta_{category}.jsonl.gz"
    return _amazon(2023, category, reviews, items, "https://amazon-reviews-2023.github.io/")
