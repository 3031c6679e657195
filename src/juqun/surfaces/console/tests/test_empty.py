"""A chain in which nothing has happened yet: every page says how to begin."""

import pytest
from django.core.cache import cache
from django.test import Client

from juqun.domains.org.models import Account
from juqun.domains.org.testing import make_small_chain
from juqun.lake.testing import fresh_lake

pytestmark = pytest.mark.django_db
WAYS, KEYS = "/console/groups/ways/", "/console/till-keys/"


def signed_in(username: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def shown(answer) -> str:
    return answer.content.decode()


def test_without_anything_each_page_says_how_to_begin(settings, tmp_path, db):
    cache.clear()
    fresh_lake(settings, tmp_path)
    make_small_chain(with_accounts=True)
    page = shown(signed_in("hong").get(WAYS))
    assert "No kinds of groups yet" in page
    assert "/console/groups/kinds/new/" in page
    page = shown(signed_in("li").get(WAYS))
    assert "Headquarters makes them" in page
    assert "/console/groups/kinds/new/" not in page
    assert "No keys yet" in shown(signed_in("li").get(KEYS))
    assert "No order in this time was touched" in shown(signed_in("hong").get("/console/sources/models/"))
