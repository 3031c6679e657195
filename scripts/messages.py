"""The message catalogues: `collect` texts from code and templates (gettext's own xgettext where it is installed), `compile`, `check`.

Compiling needs no tool but polib, so that set-up works on a bare machine.
"""

import os
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "src" / "juqun" / "locale"


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
    """Run Django's makemessages over the product."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")
    os.environ.setdefault("JUQUN_DATA_DIR", str(ROOT / "var"))
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the settings above

    os.chdir(ROOT / "src" / "juqun")
    execute_from_command_line(
        [
            "django-admin",
            "makemessages",
            "-l",
            "zh_Hans",
            "--no-location",
            "--no-wrap",
            "-i",
            "tests",
            "-i",
            "testing.py",
        ]
    )
    return 0


if __name__ == "__main__":
    verbs = {"compile": compile_all, "check": check, "collect": collect}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(verbs)}")
    sys.exit(verbs[sys.argv[1]]())
