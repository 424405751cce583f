"""Where the events of the embedded world take place, and who makes its items: all invented."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Place:
    """A venue of an invented town: coordinates in degrees, opening hours as hours of the day."""

    name: str
    latitude: float
    longitude: float
    opens: float
    closes: float


_PLACES = """Harbour Hall|41.202|-8.951|9|22
Old Tannery|41.213|-8.934|10|23
Lantern Court|41.208|-8.927|11|21
Mill Lane Rooms|41.221|-8.941|8|20
Observatory Hill|41.236|-8.902|14|24
Glasshouse Garden|41.197|-8.918|9|18
North Pier Pavilion|41.229|-8.963|10|22
Tramshed|41.211|-8.909|12|24
Quarry Theatre|41.243|-8.925|13|23
Canal Yard|41.216|-8.947|8|19
Upper Library|41.205|-8.938|9|20
Meadow Tent|41.190|-8.930|10|21
Bell Street Cellar|41.209|-8.943|16|24
Saltworks|41.225|-8.970|9|17
Railway Arches|41.214|-8.921|11|23
East Gate Club|41.207|-8.913|15|24"""

_FIRST = (
    "Ada|Amara|Anton|Bea|Bilal|Carmen|Chidi|Dara|Davit|Edda|Elio|Farah|Finn|Greta|Hana|Idris|Ines|Ivo|Jonas|June|Kaya|"
    "Kenji|Lena|Leo|Maren|Milo|Nadia|Noor|Odile|Omar|Petra|Pia|Quinn|Rafa|Rosa|Samir|Sana|Tariq|Tess|Uma|Viktor|Wanda|"
    "Xenia|Yusuf|Zora"
)
_LAST = (
    "Abara|Almqvist|Baptiste|Bergman|Castell|Chandra|Dimitrov|Duarte|Ekwueme|Farrow|Fontaine|Galvao|Haas|Hakimi|Ibarra|"
    "Ivers|Janssen|Kaminski|Kovar|Laurent|Lindqvist|Marlow|Mbeki|Nakata|Novak|Obrecht|Okafor|Papadakis|Petrov|Quiroga|"
    "Rahimi|Rossi|Sato|Silva|Tanaka|Thorne|Ueda|Varga|Voss|Wexler|Yilmaz|Zamora|Zeller"
)


@cache
def places() -> tuple[Place, ...]:
    rows = (line.split("|") for line in _PLACES.splitlines())
    return tuple(Place(name, *map(float, numbers)) for name, *numbers in rows)


def creator_name(number: int) -> str:
    """The name of a creator; distinct for the first 50,000 numbers."""
    first, last = _FIRST.split("|"), _LAST.split("|")
    turn, within = divmod(number, len(first) * len(last))
    # stepping by a number prime to the count walks through all pairs without keeping families together
    pair = within * 1009 % (len(first) * len(last))
    middle = "" if turn == 0 else f" {chr(ord('A') + (turn - 1) % 26)}."
    return f"{first[pair // len(last)]}{middle} {last[pair % len(last)]}"
