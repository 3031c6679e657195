"""The reference pages say what the code says: nothing public is missing there, nothing there is stale."""

import ast
import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from juqun.cli.commands import root
from juqun.config import wiring
from juqun.domains.catalog import operations as catalog
from juqun.domains.catalog.operations import PRODUCT_COLUMNS
from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce.operations.order_sink import ORDER_COLUMNS
from juqun.domains.commerce.operations.redemption_sink import REDEMPTION_COLUMNS
from juqun.domains.members import operations as members
from juqun.domains.members.operations.bulk_import import COLUMNS as MEMBER_COLUMNS
from juqun.domains.org import operations as org
from juqun.domains.org.operations.files import STAFF_COLUMNS, TREE_COLUMNS
from juqun.kernel.events import Event
from juqun.lake import schemas
from juqun.lake.testing import fresh_lake
from juqun.surfaces.http_api.api import api

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "juqun"
# What is public of the kernel beside the rooms: `types.py` and `events.py` are public wherever they stand.
KERNEL_DOORS = ("scope.py", "errors.py")
READERS = frozenset({"text", "flag", "number", "words", "secret", "key_of"})


def _sections(path: Path) -> dict[str, str]:
    """The text under each second-level heading."""
    parts = re.split(r"^## (.+)$", path.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _rows(text: str) -> list[list[str]]:
    """The cells of every table row whose first cell is one word in backticks."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" |")] for line in text.splitlines() if line.startswith("| `")
    ]
    return [row for row in rows if re.fullmatch(r"`[^`]+`", row[0])]


def _word(cell: str) -> str:
    return cell.strip("`")


def _public_classes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}


def _public_types() -> dict[str, set[str]]:
    """Room -> its public classes."""
    found: dict[str, set[str]] = {
        "kernel": set().union(*(_public_classes(SOURCE / "kernel" / n) for n in KERNEL_DOORS))
    }
    for path in sorted([*SOURCE.glob("**/types.py"), *SOURCE.glob("**/types/*.py"), *SOURCE.glob("**/events.py")]):
        home = path.parent.parent if path.parent.name == "types" else path.parent
        room = ".".join(home.relative_to(SOURCE).parts).removeprefix("domains.")
        found.setdefault(room, set()).update(_public_classes(path))
    return found


def _glossary() -> dict[str, list[list[str]]]:
    sections = _sections(DOCS / "glossary.md").items()
    return {found[1]: _rows(text) for title, text in sections if (found := re.search(r"\(`(.+)`\)", title))}


def test_glossary_has_every_public_class_and_no_other():
    entries = {room: [_word(row[0]) for row in rows] for room, rows in _glossary().items()}
    assert {room: set(names) for room, names in entries.items()} == _public_types()
    for room, names in entries.items():
        assert names == sorted(set(names), key=str.lower), room


def test_glossary_says_each_word_in_chinese_and_in_a_sentence():
    for room, rows in _glossary().items():
        for row in rows:
            assert len(row) == 4, (room, row)
            name, chinese, _wecom, sentence = row
            assert re.search(r"[\u4e00-\u9fff]", chinese), (room, name)
            assert sentence.endswith("."), (room, name)


def _code_files() -> Iterator[Path]:
    for folder in ("src", "scripts", "tests", "benchmarks"):
        yield from sorted(
            path for path in (ROOT / folder).glob("**/*.py") if "tests" not in path.relative_to(ROOT).parts[1:]
        )


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def _read_variables(tree: ast.AST) -> Iterator[tuple[str, object]]:
    """Each JUQUN_ variable that is read, with its default where it is written down there as a literal (else None)."""
    for node in ast.walk(tree):
        name: ast.expr | None = None
        default: object = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, verb = node.func.value, node.func.attr
            is_reader = isinstance(owner, ast.Name) and owner.id == "env" and verb in READERS
            if is_reader or (_is_environ(owner) and verb == "get"):
                name = node.args[0]
                given = [*node.args[1:], *(word.value for word in node.keywords if word.arg == "default")]
                default = given[0].value if given and isinstance(given[0], ast.Constant) else None
        elif isinstance(node, ast.Subscript) and _is_environ(node.value) and isinstance(node.ctx, ast.Load):
            name = node.slice
        if isinstance(name, ast.Constant) and str(name.value).startswith("JUQUN_"):
            yield str(name.value), default


def test_settings_page_has_every_variable_that_is_read_and_no_other():
    rows = {_word(row[0]): row for row in _rows((DOCS / "reference" / "settings.md").read_text())}
    read: dict[str, set[object]] = {}
    for path in _code_files():
        for name, default in _read_variables(ast.parse(path.read_text())):
            read.setdefault(name, set()).add(default)
    assert len(read) > 20
    assert set(rows) == set(read)
    for name, defaults in read.items():
        for default in defaults - {None, "", False}:
            assert f"`{default}`" in rows[name][1], f"{name}: the page does not tell the default {default!r}"


def test_settings_of_django_that_are_ours_come_from_variables_or_are_folders():
    """A JUQUN_ setting that no code uses is a promise without effect."""
    named = set(re.findall(r"^(JUQUN_\w+) =", (SOURCE / "config" / "settings.py").read_text(), flags=re.MULTILINE))
    code = "\n".join(
        path.read_text() for path in SOURCE.glob("**/*.py") if path.name != "settings.py" or "config" not in path.parts
    )
    assert {name for name in named if name not in code} == set()


def _commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def test_cli_page_has_every_command_with_its_options_and_no_other():
    sections = {_word(title): text for title, text in _sections(DOCS / "reference" / "cli.md").items()}
    commands = dict(_commands(root, "juqun"))
    imports = {name for name in commands if name.startswith("juqun import ")}
    assert {title for title in sections if title.startswith("juqun ")} == {
        *set(commands) - imports,
        *({"juqun import"} if imports else ()),
    }
    for name, command in commands.items():
        text = sections["juqun import" if name in imports else name]
        assert name in text, name
        for option in command.params:
            if isinstance(option, click.Option):
                assert f"`{option.opts[-1]}" in text, f"{name} {option.opts}"
    told = set(re.findall(r"\| `(--[a-z-]+)", "\n".join(sections.values())))
    assert told <= {opt for command in commands.values() for option in command.params for opt in option.opts}


@pytest.mark.parametrize(("tables", "heading"), [(schemas.FACTS, "Facts"), (schemas.DIMS, "Dimensions")])
def test_lake_page_has_every_table_and_column(tables, heading):
    text = _sections(DOCS / "reference" / "lake.md")[heading]
    parts = re.split(r"^### `(\w+)`.*$", text, flags=re.MULTILINE)
    told = {name: [_word(row[0]) for row in _rows(body)] for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    assert told == {name: schema.names for name, schema in tables.items()}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        kinds = {_word(row[0]): row[1] for row in _rows(body)}
        assert kinds == {field.name: str(field.type).replace("timestamp[us]", "timestamp") for field in tables[name]}


def _all_events() -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for path in sorted(SOURCE.glob("**/events.py")):
        module = importlib.import_module(".".join(["juqun", *path.relative_to(SOURCE).with_suffix("").parts]))
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Event) and kind.NAME:
                found[kind.NAME] = kind
    return found


def _handler_name(path: str) -> str:
    """`juqun.domains.growth.handlers.on_x` -> `growth.on_x`."""
    *_, room, _handlers, function = path.split(".")
    return f"{room}.{function}"


def test_events_page_tells_who_says_what_and_who_hears_it():
    sections = _sections(DOCS / "reference" / "events.md")
    told: dict[str, tuple[str, list[str], set[str]]] = {}
    for title, text in sections.items():
        room = re.fullmatch(r"Said by `(.+)`", title)
        for name, _tells, fields, heard in _rows(text) if room else []:
            told[_word(name)] = (room[1], fields.split(", "), set(re.findall(r"\*?`[^`]+`\*? \(\w+\)", heard)))
    expected = {}
    for name, kind in _all_events().items():
        room = ".".join(kind.__module__.split(".")[1:-1]).removeprefix("domains.")
        heard = {
            f"`{_handler_name(one.path)}` ({one.queue})"
            if one.atomic
            else f"*`{_handler_name(one.path)}`* ({one.queue})"
            for one in wiring.SUBSCRIPTIONS.get(kind, ())
        }
        expected[name] = (room, [field.name for field in dataclasses.fields(kind)], heard)
    assert {name: (room, fields) for name, (room, fields, _) in told.items()} == {
        name: (room, fields) for name, (room, fields, _) in expected.items()
    }
    for name, (_, _, heard) in expected.items():
        assert told[name][2] == heard, name


def test_events_page_has_every_schedule_and_dimension():
    sections = _sections(DOCS / "reference" / "events.md")
    assert [(_word(row[0]), int(row[1])) for row in _rows(sections["Schedules"])] == [
        (every.name, every.seconds) for every in wiring.SCHEDULES
    ]
    assert set(re.findall(r"`(\w+)` \(", sections["Dimensions"])) == set(wiring.DIMS)


def test_no_handler_is_left_unwired():
    """A handler that nobody calls is news that is not heard."""
    wired = {one.path for subscriptions in wiring.SUBSCRIPTIONS.values() for one in subscriptions}
    found = set()
    for path in [*sorted(SOURCE.glob("domains/*/handlers.py")), SOURCE / "config" / "reactions.py"]:
        tree = ast.parse(path.read_text())
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        found |= {
            f"{module}.{node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("on_")
        }
    assert found == wired


def test_http_page_has_every_call_and_no_other():
    text = (DOCS / "reference" / "http-api.md").read_text()
    told = set(re.findall(r"^### `([A-Z]+) (/\S+)`", text, flags=re.MULTILINE))
    described = api.get_openapi_schema()["paths"]
    assert told == {(verb.upper(), path) for path, verbs in described.items() for verb in verbs}


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("tree", TREE_COLUMNS),
        ("staff", STAFF_COLUMNS),
        ("members", MEMBER_COLUMNS),
        ("products", PRODUCT_COLUMNS),
        ("orders", ORDER_COLUMNS),
        ("redemptions", REDEMPTION_COLUMNS),
    ],
)
def test_import_guide_has_every_column_with_its_aliases(kind, columns):
    rows = _rows(_sections(DOCS / "howto" / "import-your-data.md")[f"Columns of `{kind}`"])
    told = [(_word(row[0]), row[1], set(re.findall(r"`([^`]+)`", row[2])), row[3] == "yes") for row in rows]
    assert told == [(column.name, column.kind.value, set(column.aliases), column.required) for column in columns]


IMPORTS = {
    "tree": org.import_tree,
    "staff": org.import_staff,
    "members": members.import_members,
    "products": catalog.import_products,
    "orders": commerce.import_orders,
    "redemptions": commerce.import_redemptions,
}


def test_examples_of_the_import_guide_can_be_imported(db, settings, tmp_path):
    """All lines of all six examples are taken over, in the order of the page, and known when they come again."""
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    org.create_chain(name="Chain")
    sections = _sections(DOCS / "howto" / "import-your-data.md")
    for kind, run in IMPORTS.items():
        example = re.search(r"```csv\n(.+?)```", sections[f"Columns of `{kind}`"], flags=re.DOTALL)
        path = tmp_path / f"{kind}.csv"
        path.write_text(example[1])
        lines = len(example[1].splitlines()) - 1
        results = [run(path=path, actor="reader") for _ in range(2)]
        told = [(result.rows_ok, result.rows_skipped, result.rows_rejected) for result in results]
        assert told == [(lines, 0, 0), (0, lines, 0)], kind


def _pages() -> list[Path]:
    return [*sorted(DOCS.glob("**/*.md")), *sorted(ROOT.glob("*.md"))]


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in _pages():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_readmes_name_the_test_command():
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text()
        assert "make test" in text
        assert "make demo" in text
