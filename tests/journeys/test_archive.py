"""The message archive read over the emulator's plain pull: who wrote in which group, and nothing of what was said."""

from typing import Any

import pytest

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomBusyError, WecomCredentialError, WecomRefusedError
from juqun.channels.wecom.events import ArchiveWaiting
from juqun.domains.groups import queries as groups
from juqun.domains.groups.testing import make_group
from juqun.domains.members.testing import make_member
from juqun.domains.robot import handlers, operations
from juqun.kernel import clock
from juqun.kernel.models import EventRecord, Job
from juqun.kernel.scope import DataScope
from tests.support.service_desk import Desk, open_desk

pytestmark = pytest.mark.django_db(transaction=True)
WHOLE = DataScope.whole_chain()
PULLED: list[int] = []


class FromSdk:
    """An installed adapter, as a class round the native SDK would be."""

    def pull(self, *, seq: int, limit: int) -> list[dict[str, Any]]:
        PULLED.append(seq)
        row = {
            "msgid": "m",
            "action": "send",
            "from": "wm1",
            "tolist": ["li"],
            "roomid": "wrX",
            "msgtime": 1,
            "msgtype": "text",
        }
        return [{**row, "seq": 7}] if seq < 7 else []


def point_at(settings: Any, suffix: str = "") -> None:
    settings.JUQUN_WECOM_ARCHIVE = f"plain:{settings.JUQUN_WECOM_BASE_URL}/emulator/archive/pull"
    settings.JUQUN_WECOM_ARCHIVE_SECRET = f"emulator-archive-secret{suffix}"


def say(desk: Desk, chat_id: str, text: str) -> None:
    desk.post("actors/customers/wm1/write", to="group", chat_id=chat_id, text=text)


def test_who_writes_in_a_group_is_noted_once_and_the_words_are_not(settings):
    with open_desk(settings, archive_on=True) as desk:
        desk.post("actors/customers/wm1/add", userid="li")
        chat_id = desk.post("actors/staff/li/create_group", name="G", members=["wm1"])["chat_id"]
        member_id = make_member(external_userid="wm1")
        home = {"store_id": desk.chain.tianhe.id, "owner_staff_id": desk.chain.li.id, "at": clock.now()}
        group_id = make_group(**home, chat_id=chat_id, member_ids=[member_id])
        say(desk, chat_id, "机密的话")
        assert operations.read_archive() == 0, "no adapter is named"
        point_at(settings)
        assert operations.read_archive() == 1
        assert operations.read_archive() == 0
        desk.advance(minutes=5)
        say(desk, chat_id, "再说一句")
        desk.post("actors/customers/wm1/write", to="staff", userid="li", text="只对一人")
        assert operations.read_archive() == 1
        assert groups.get_group(scope=WHOLE, group_id=group_id).last_message_at == desk.now
        seen = EventRecord.objects.filter(name="groups.group_message_seen")
        assert [one.payload["member_id"] for one in seen] == [member_id, member_id]
        assert not any("话" in str(one.payload) for one in EventRecord.objects.all())


def test_refusals_name_what_is_wrong(settings):
    with open_desk(settings) as desk:
        point_at(settings)
        with pytest.raises(WecomRefusedError) as refused:
            wecom.pull_archive(seq=0)
        assert refused.value.errcode == 301052
        point_at(settings, suffix="?")
        with pytest.raises(WecomCredentialError):
            wecom.pull_archive(seq=0)
        settings.JUQUN_WECOM_ARCHIVE = f"plain:{desk.http.base_url}nothing/here"
        with pytest.raises(WecomBusyError):
            wecom.pull_archive(seq=0)


def test_an_installed_adapter_is_named_by_its_path(settings):
    settings.JUQUN_WECOM_ARCHIVE = f"{__name__}.FromSdk"
    assert operations.read_archive() == 0, "the group is not one of ours"
    assert operations.read_archive() == 0
    assert PULLED == [0, 7, 7]


def test_bells_that_come_together_ask_for_one_reading():
    for _ in range(3):
        handlers.on_archive_waiting(ArchiveWaiting(at=clock.now()))
    assert Job.objects.filter(name__endswith="read_archive").count() == 1
