"""Typed readers of environment variables; every variable that Juqun knows is read through here (docs/reference/settings.md lists them)."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


class SettingError(ValueError):
    """A variable has a value that cannot be used; the text says which and what is expected."""


def text(name: str, default: str = "") -> str:
    """The variable as it stands."""
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    msg = f"{name}={value!r}: expected 1 or 0"
    raise SettingError(msg)


def number(name: str, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name, "").strip()
    try:
        return int(value) if value else default
    except ValueError as error:
        msg = f"{name}={value!r}: expected a whole number"
        raise SettingError(msg) from error


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def key_of(name: str, rehearsal_key: str, *, url: str) -> str:
    """The variable; the emulator's public key where there is none and `url` is a rehearsal's.

    The real WeCom is spoken to by https: with a key that everybody can read, anybody could forge its callbacks.
    """
    given = text(name)
    if not url.startswith("https://"):
        return given or rehearsal_key
    if given in {"", rehearsal_key}:
        msg = f"{name}: set it to your corp's own; there is no default for {url}"
        raise SettingError(msg)
    return given


def secret(name: str, keep_in: Path) -> str:
    """The variable, or a random secret that is made once and kept in a file readable by its owner only."""
    given = os.environ.get(name, "")
    if given:
        return given
    if not keep_in.exists():
        keep_in.parent.mkdir(parents=True, exist_ok=True)
        temporary = keep_in.with_suffix(f".{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(48))
        try:
            os.link(temporary, keep_in)  # whoever comes second keeps the first one's secret
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return keep_in.read_text().strip()


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's DATABASES entry of a url: '' or sqlite:///path (embedded), postgresql://user:password@host:port/name."""
    if not url:
        return _sqlite(data_dir / "juqun.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(parts.path))
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(query.pop("host", parts.hostname or "")),
            "PORT": str(parts.port or query.pop("port", "")),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }
    msg = f"JUQUN_DATABASE_URL={parts.scheme}:…: expected sqlite:///path or postgresql://user:password@host/name"
    raise SettingError(msg)


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "juqun.kernel.sqlite",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-65536;"
                "PRAGMA mmap_size=268435456;PRAGMA secure_delete=ON;"
            ),
        },
        "TEST": {"NAME": str(path.with_name("test.sqlite3"))},
    }
