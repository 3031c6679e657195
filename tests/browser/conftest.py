"""Journeys in Chromium: the machine's own (Debian's package), a live server on a database and a lake of its own, screenshots kept."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import segno

from juqun.channels.wecom.client import WecomClient, replaced
from juqun.channels.wecom.settings import corp_settings
from juqun.lake.testing import fresh_lake
from juqun.surfaces.console.testing import World, make_world

SCREENSHOTS = Path("var/screenshots")


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright's loop runs in the thread of the tests
    yield chromium
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def world(transactional_db, settings, tmp_path) -> Iterator[World]:
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    settings.AXES_ENABLED = False
    with replaced(WecomClient(corp_settings(), transport=httpx.MockTransport(_picture))):
        yield make_world(size=36)


def _picture(request: httpx.Request) -> httpx.Response:
    """What WeCom has behind the address of a code."""
    picture = io.BytesIO()
    segno.make(str(request.url), error="m").save(picture, kind="png", scale=8)
    return httpx.Response(200, content=picture.getvalue(), headers={"content-type": "image/png"})


@pytest.fixture
def shoot() -> Callable[[Any, str], None]:
    """Keep a picture of the whole page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Any, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=True)

    return take


@pytest.fixture
def sign_in(browser, live_server, world) -> Iterator[Callable[..., Any]]:
    """Open a page of its own for one of the cast, signed in through the login page; what the page complains of fails the test."""
    contexts, complaints = [], []

    def go(name: str, *, width: int = 1440, height: int = 900, locale: str = "zh-CN") -> Any:
        context = browser.new_context(
            locale=locale, viewport={"width": width, "height": height}, base_url=live_server.url
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _only_own(request.url, live_server.url, complaints))
        page.goto("/console/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", f"juqun-{name}")
        page.click("#login-form [type=submit]")
        page.wait_for_url("**/console/**")
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def _only_own(url: str, own: str, complaints: list[str]) -> None:
    """Nothing comes from anywhere else."""
    if not url.startswith((own, "data:", "blob:")):
        complaints.append(f"asked {url}")
