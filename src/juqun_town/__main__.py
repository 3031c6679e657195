"""`python -m juqun_town demo`: the whole loop on a real retailer's year, by one command."""

import os
import signal
from pathlib import Path
from types import FrameType

import click
import django
from django.utils.module_loading import import_string


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def root() -> None:
    """Play a real retailer's year through Juqun."""


@root.command()
@click.option(
    "--exit", "is_ending", is_flag=True, help="Stop everything after the report instead of serving the console."
)
@click.option("--seed", default=1, show_default=True, help="Which town; the same seed gives the same town.")
@click.option("--port", default=8000, show_default=True, help="Port of Juqun (another one if it is taken).")
@click.option(
    "--emulator-port", default=9000, show_default=True, help="Port of the WeCom emulator (another one if it is taken)."
)
@click.option(
    "--data-dir",
    default="data/demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the demo's data.",
)
@click.option("--keep", is_flag=True, help="Keep the data of the last run beside (data-dir.1) instead of deleting it.")
@click.option("--password", default="", help="Password of the demo logins (default: a random one, shown on screen).")
def demo(
    is_ending: bool, seed: int, port: int, emulator_port: int, data_dir: Path, keep: bool, password: str  # noqa: FBT001 - click
) -> None:  # fmt: skip
    """Import the year, gather, message, sell, measure, report; then serve the console until Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    setting = import_string("juqun_town.stage.prepare")(
        data_dir=data_dir, port=port, emulator_port=emulator_port, keeps=keep
    )
    os.environ.update(setting.environment)
    django.setup()
    code = import_string("juqun_town.demo.run")(setting=setting, seed=seed, is_ending=is_ending, password=password)
    raise SystemExit(code)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does: the children are stopped on the way out."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    root(prog_name="python -m juqun_town")
