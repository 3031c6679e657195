"""The message catalogues: `collect` texts from code and templates (gettext's own xgettext must be installed), `compile`, `check`.

Compiling needs no tool but polib, so that set-up works on a bare machine.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import django
import polib
import unfold

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "src" / "juqun" / "locale"
CATALOGUE = LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po"
HEADER = {
    "Project-Id-Version": "Juqun",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def compile_all() -> int:
    """Write the .mo beside each .po."""
    for source in LOCALES.glob("*/LC_MESSAGES/*.po"):
        polib.pofile(str(source)).save_as_mofile(str(source.with_suffix(".mo")))
    return 0


def check() -> int:
    """Complain of untranslated, fuzzy or broken entries (a placeholder lost in translation crashes a page)."""
    wrong = 0
    for source in LOCALES.glob("*/LC_MESSAGES/*.po"):
        for entry in polib.pofile(str(source)):
            if entry.obsolete:
                continue
            lost = [name for name in _placeholders(entry.msgid) if name not in entry.msgstr] if entry.msgstr else []
            if not entry.translated() or entry.fuzzy or lost:
                print(
                    f"{source.relative_to(ROOT)}:{entry.linenum}: {entry.msgid!r} {'lost ' + str(lost) if lost else 'untranslated'}"
                )
                wrong += 1
    return 1 if wrong else 0


def _placeholders(text: str) -> list[str]:
    parts = text.split("%(")[1:]
    return [f"%({part.split(')')[0]})" for part in parts]


def collect() -> int:
    """Gather the texts of the product, and those of Unfold that Django does not translate; known translations stay."""
    known = {_key(entry): entry for entry in polib.pofile(str(CATALOGUE))} if CATALOGUE.exists() else {}
    ours = _extract(ROOT / "src" / "juqun")
    taken = {_key(entry) for entry in ours} | _translated_by_django()
    # Unfold ships no catalogue of its own.
    wanted = ours + [entry for entry in _extract(Path(unfold.__file__).parent) if _key(entry) not in taken]
    result = polib.POFile(wrapwidth=0)
    result.metadata = HEADER
    for entry in sorted(wanted, key=_key):
        old = known.get(_key(entry))
        entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
        if entry.msgid_plural:
            entry.msgstr_plural = old.msgstr_plural if old else {0: ""}
        else:
            entry.msgstr = old.msgstr if old else ""
        result.append(entry)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    result.save(str(CATALOGUE))
    print(f"{len(result)} texts, {len(result.untranslated_entries())} to translate")
    return 0


def _key(entry: polib.POEntry) -> tuple[str, str]:
    return entry.msgid, entry.msgctxt or ""


def _extract(package: Path) -> list[polib.POEntry]:
    """The texts of a package, by Django's makemessages on a copy (it writes beside what it reads)."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / package.name
        left_out = shutil.ignore_patterns("static", "__pycache__", "tests", "testing.py", "locale", "node_modules")
        shutil.copytree(package, copied, ignore=left_out)
        (copied / "locale").mkdir()
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "--no-location", "--no-wrap", "-v", "0"],
            cwd=copied,
            env=environment,
            check=True,
        )
        return list(polib.pofile(str(copied / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")))


def _translated_by_django() -> set[tuple[str, str]]:
    sources = Path(django.__file__).parent.glob("**/locale/zh_Hans/LC_MESSAGES/django.po")
    return {_key(entry) for source in sources for entry in polib.pofile(str(source)) if entry.translated()}


if __name__ == "__main__":
    verbs = {"compile": compile_all, "check": check, "collect": collect}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(verbs)}")
    sys.exit(verbs[sys.argv[1]]())
