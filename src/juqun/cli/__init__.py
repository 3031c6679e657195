"""The command line of whoever operates the software; `main` is the entry point `juqun`."""

import os

import django
from django.utils.module_loading import import_string


def main() -> None:
    """Set Django up, then hand over to the commands (they import rooms, which need it)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")
    django.setup()
    import_string("juqun.cli.commands.root")(prog_name="juqun")
