"""The walls: every import contract is kept, and the doors contract is one that can break."""

from pathlib import Path

import grimp
from importlinter import api
from importlinter.configuration import configure

from tests.architecture.doors import DoorsContract

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"rooms": ["a.rooms"], "doors": ["operations"], "composition": "a.config", "composition_doors": ["handlers"]}


def test_every_contract_is_kept(monkeypatch):
    monkeypatch.chdir(ROOT)
    configure()
    assert api.use_cases.lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) is True


def _check(importer: str, imported: str) -> bool:
    graph = grimp.ImportGraph()
    for module in (
        "a",
        "a.rooms",
        "a.rooms.inn",
        "a.rooms.inn.models",
        "a.rooms.inn.operations",
        "a.rooms.inn.handlers",
    ):
        graph.add_module(module)
    graph.add_module(importer)
    graph.add_import(importer=importer, imported=imported)
    contract = DoorsContract("doors", {}, dict(OPTIONS))
    return contract.check(graph, verbose=False).kept


def test_doors_may_be_used_and_walls_may_not():
    assert _check("a.rooms.mill.operations", "a.rooms.inn.operations")
    assert not _check("a.rooms.mill.operations", "a.rooms.inn.models")
    assert _check("a.rooms.inn.handlers", "a.rooms.inn.models")
    assert _check("a.config.wiring", "a.rooms.inn.handlers")
    assert not _check("a.rooms.mill.handlers", "a.rooms.inn.handlers")


def test_test_folders_are_no_packages():
    """What is no package is not part of the product's import graph; tests may know the emulator, the product may not."""
    assert not list((ROOT / "src").glob("**/tests/__init__.py"))
