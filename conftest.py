"""The order of the suite: what takes longest begins first, so that no process is left alone with it at the end."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first; among equals the order stays."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
