import pytest
from django.test import Client
from django.urls import reverse

from juqun.domains.org.models import Account
from juqun.lake.testing import fresh_lake
from juqun.surfaces.console.testing import make_world
from juqun.surfaces.console.urls import PAGES

pytestmark = pytest.mark.django_db


def test_all(settings, tmp_path):
    fresh_lake(settings, tmp_path)
    world = make_world()
    client = Client()
    client.force_login(Account.objects.get(username="hong"), backend="django.contrib.auth.backends.ModelBackend")
    ids = {"node_id": world.chain.tianhe.id, "member_id": world.tianhe.members[0], "code_id": world.tianhe.code_id, "segment_id": world.tianhe.segment_id, "campaign_id": world.tianhe.campaign_id, "run_id": 1}
    for route, page, name in PAGES:
        kwargs = {k: v for k, v in ids.items() if f":{k}>" in route}
        answer = client.get(reverse(f"console:{name}", kwargs=kwargs))
        print(name, answer.status_code)
        if answer.status_code == 500: print(answer.content[:500])
