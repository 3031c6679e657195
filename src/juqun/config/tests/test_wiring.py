"""The wiring as it stands: nobody waits for the channel with locks in hand, and news is written down once."""

import importlib
import pkgutil
from datetime import timedelta

import pytest

from juqun import domains
from juqun.channels.wecom import operations as wecom
from juqun.config import wiring
from juqun.domains.members import operations as members
from juqun.domains.members.testing import AT, make_friend
from juqun.domains.members.types import LostBy
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.jobs import JobFunction
from juqun.kernel.testing import run_all_jobs
from juqun.lake.models import FactOutbox


def modules(name):
    for room in pkgutil.iter_modules(domains.__path__, f"{domains.__name__}."):
        if importlib.util.find_spec(f"{room.name}.{name}") is not None:
            yield importlib.import_module(f"{room.name}.{name}")


def test_what_calls_the_channel_holds_no_transaction():
    """A handler or job that names the channel's operations must not wait for an answer with locks in its hands."""
    calling = {
        module.__name__
        for name in ("handlers", "jobs")
        for module in modules(name)
        if vars(module).get("wecom") is wecom
    }
    assert calling
    for subscriptions in wiring.SUBSCRIPTIONS.values():
        for one in subscriptions:
            if one.handler.__module__ in calling and one.handler.__name__ not in {
                "on_contact_lost",
                "on_staff_user_joined",
                "on_staff_user_left",
                "on_sync_asked",
                "on_contact_dropped",
            }:
                assert not one.atomic, one.path
    for name in calling:
        for function in vars(importlib.import_module(name)).values():
            if isinstance(function, JobFunction) and function.queue == "send":
                assert not function.atomic, function.name


def test_every_dimension_of_the_lake_has_somebody_who_writes_it():
    assert set(wiring.DIMS) == set(importlib.import_module("juqun.lake.schemas").DIMS)


@pytest.mark.django_db
def test_a_lost_friend_is_one_fact():
    chain = make_small_chain()
    member_id = make_friend(staff_id=chain.wang.id)
    members.lose_friend(member_id=member_id, staff_id=chain.wang.id, at=AT + timedelta(days=1), by=LostBy.CUSTOMER)
    run_all_jobs()
    assert FactOutbox.objects.filter(fact="touches", payload__kind="friend_lost").count() == 1
