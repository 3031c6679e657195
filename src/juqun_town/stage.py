"""Where a demo runs: its data folder, its ports, and the environment of all its processes."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from juqun_town.children import free_port

MARK: Final = ".juqun-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One demo's place."""

    data_dir: Path
    port: int
    emulator_port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """Juqun's own address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def emulator_url(self) -> str:
        """The emulator's address."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def clock_file(self) -> Path:
        """The clock that all processes of Juqun follow."""
        return self.data_dir / "clock.json"


def prepare(*, data_dir: Path, port: int, emulator_port: int, keeps: bool) -> Setting:
    """Make a fresh data folder and choose ports. Raises click.ClickException for a folder that is not a demo's."""
    folder = data_dir.resolve()
    _clear(folder, keeps=keeps)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    own, other = free_port(port), free_port(emulator_port)
    # The emulator's own corp: what the shell names may be a real one, and its secrets are nobody else's business.
    environment = {
        "DJANGO_SETTINGS_MODULE": "juqun.config.settings",
        "JUQUN_DATA_DIR": str(folder),
        "JUQUN_DATABASE_URL": "",
        "JUQUN_LAKE_DIR": str(folder / "lake"),
        "JUQUN_CLOCK_FILE": str(folder / "clock.json"),
        "JUQUN_WECOM_BASE_URL": f"http://127.0.0.1:{other}",
        "JUQUN_WECOM_CORP_ID": "wx5823bf96d3bd56c7",
        "JUQUN_WECOM_AGENT_ID": "1000002",
        "JUQUN_WECOM_SECRET": "emulator-app-secret",
        "JUQUN_WECOM_CONTACT_SECRET": "emulator-contact-secret",
        "JUQUN_PUBLIC_URL": f"http://127.0.0.1:{own}",
        "JUQUN_LOG_LEVEL": "WARNING",
    }
    return Setting(data_dir=folder, port=own, emulator_port=other, environment=environment)


def _clear(folder: Path, *, keeps: bool) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARK).exists():
        msg = f"{folder} is not empty and no demo's folder; name another one with --data-dir."
        raise click.ClickException(msg)
    beside = folder.with_name(f"{folder.name}.1")
    if keeps:
        if beside.exists() and (beside / MARK).exists():
            shutil.rmtree(beside)
        folder.rename(beside)
    else:
        shutil.rmtree(folder)
