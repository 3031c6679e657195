"""The README tells of everything there is: endpoints, routes, verbs, settings; and of nothing else that could be called."""

import re
from dataclasses import fields
from itertools import product
from pathlib import Path

from wecom_emulator.actors.verbs import VERBS
from wecom_emulator.admin import admin_routes
from wecom_emulator.contract.document import GENERIC, TASK_VERBS
from wecom_emulator.dispatch import ENDPOINTS
from wecom_emulator.running import build_world
from wecom_emulator.state.settings import Settings

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text(encoding="utf-8")
COVERAGE = README[README.index("## Coverage") :]
PATH = re.compile(r"[\w{},/]+\Z")


def expanded(text):
    """Return the paths that a text with {a,b} alternatives stands for."""
    parts = [part.split(",") for part in re.split(r"\{([^}]*)\}", text)[1::2]]
    frame = re.sub(r"\{[^}]*\}", "%s", text)
    return {frame % choice for choice in product(*parts)}


def listed():
    """The endpoints of the coverage table, by its second column."""
    found = set()
    for row in COVERAGE.splitlines():
        cells = row.split(" | ")
        if not row.startswith("| ") or cells[0] in ("| area", "| all calls", "| callbacks"):
            continue
        bare = re.sub(r"\([^)]*\)", "", cells[1])
        for entry in re.split(r",\s+(?![^{]*\})", bare):
            word = entry.strip()
            if (
                PATH.match(word)
                and not word.startswith("/")
                and ("/" in word or word in ENDPOINTS or word == "gettoken")
            ):
                found |= expanded(word)
    return found


def test_every_endpoint_has_a_row_and_every_row_an_endpoint():
    assert listed() == {*ENDPOINTS, "gettoken"}


def test_every_row_says_what_is_covered():
    rows = [row.strip("|").split(" | ") for row in COVERAGE.splitlines() if row.startswith("| ")]
    assert [row[0] for row in rows if len(row) != 4 or not row[2].strip()] == []


def test_every_route_is_told_of():
    paths = {re.sub(r"\{\w+\}", "{}", route.path) for route in admin_routes(build_world())}
    generic = {re.sub(r"\{\w+\}", "{}", f"/emulator{path}") for path in (*GENERIC, TASK_VERBS)}
    told = {
        re.sub(r"\{\w+\}", "{}", item.partition("?")[0])
        for item in re.findall(r"`(?:[A-Z]+ )?(/emulator[^` ]*)", README)
    }
    assert paths - generic - told == set()


def test_every_verb_is_told_of():
    told = set(re.findall(r"`(?:tasks/)?(\w+)`", README))
    assert {name for _, name in VERBS} - told == set()


def test_every_setting_is_told_of_here_and_on_the_page():
    names = {item.name for item in fields(Settings)}
    assert names - set(re.findall(r"`(\w+)`", README)) == set()
    page = (HOME / "phone" / "static" / "meanings.js").read_text(encoding="utf-8")
    assert set(re.findall(r"^  (\w+): \[\".+\", \".+\"\],$", page, re.MULTILINE)) == names


def test_every_text_of_the_pages_is_said_in_chinese():
    scripts = [item.read_text(encoding="utf-8") for item in (HOME / "phone" / "static").glob("*.js")]
    said = {text for script in scripts for text in re.findall(r"(?<![\w])t\(\"([^\"]+)\"", script)}
    assert len(said) > 100
    assert said - chinese() == set()


def chinese():
    words = (HOME / "phone" / "static" / "words.js").read_text(encoding="utf-8")
    return set(re.findall(r'^  "([^"]+)": "[^"]+",$', words, re.MULTILINE))
