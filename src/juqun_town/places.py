"""A chain on the real map: provinces, cities and districts with their names and positions, from cpca's table of divisions."""

import csv
import random
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PROVINCES: Final = ("44", "33", "32", "51", "42", "37", "35", "43")
CITIES_PER_PROVINCE: Final = 4
FEWEST_DISTRICTS: Final = 6
# About two kilometres: two stores of one district do not stand on one another.
JITTER_DEGREES: Final = 0.02
_SUFFIXES: Final = ("自治县", "新区", "区", "县", "市")


@dataclass(frozen=True, slots=True)
class Place:
    """A division of the country. `code` has two digits for a province, four for a city, six for a district."""

    code: str
    name: str
    longitude: float
    latitude: float


def read_places() -> dict[str, Place]:
    """All divisions with a position, by their short code. The file is read alone: the package itself needs pandas."""
    spec = find_spec("cpca")
    if spec is None or not spec.submodule_search_locations:
        msg = "the package cpca is missing; run make setup"
        raise FileNotFoundError(msg)
    path = Path(spec.submodule_search_locations[0]) / "resources" / "adcodes.csv"
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["longitude"] and row["latitude"]:
                code = _short(row["adcode"])
                found[code] = Place(code, row["name"], float(row["longitude"]), float(row["latitude"]))
    return found


def _short(adcode: str) -> str:
    six = adcode[:6]
    if six.endswith("0000"):
        return six[:2]
    return six[:4] if six.endswith("00") else six


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a store stands."""

    city_code: str
    name: str
    longitude: float
    latitude: float


def choose_cities(places: dict[str, Place]) -> list[Place]:
    """The cities of the chain: of each province its first four with enough districts, the capitals first."""
    by_province = []
    for province in PROVINCES:
        cities = [place for code, place in sorted(places.items()) if len(code) == 4 and code.startswith(province)]
        big = [city for city in cities if len(districts_of(places, city)) >= FEWEST_DISTRICTS]
        by_province.append(big[:CITIES_PER_PROVINCE])
    return [cities[rank] for rank in range(CITIES_PER_PROVINCE) for cities in by_province if rank < len(cities)]


def districts_of(places: dict[str, Place], city: Place) -> list[Place]:
    """The districts of a city."""
    return [place for code, place in sorted(places.items()) if len(code) == 6 and code.startswith(city.code)]


def place_stores(places: dict[str, Place], cities: list[Place], count: int, seed: int) -> list[StorePlace]:
    """`count` stores, dealt to the cities in turn and inside a city to its districts in turn; names are unique in a city."""
    draw = random.Random(f"{seed}:places")
    districts = {city.code: districts_of(places, city) for city in cities}
    dealt: dict[str, int] = dict.fromkeys(districts, 0)
    stores = []
    for number in range(count):
        city = cities[number % len(cities)]
        own = districts[city.code]
        turn, index = divmod(dealt[city.code], len(own))
        dealt[city.code] += 1
        district = own[index]
        name = f"{_plain(district.name)}{turn + 1 if turn else ''}店"
        longitude = round(district.longitude + draw.uniform(-JITTER_DEGREES, JITTER_DEGREES), 6)
        latitude = round(district.latitude + draw.uniform(-JITTER_DEGREES, JITTER_DEGREES), 6)
        stores.append(StorePlace(city.code, name, longitude, latitude))
    return stores


def _plain(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name.removesuffix(suffix)
    return name
