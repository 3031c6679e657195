from datetime import timedelta

import pytest

from juqun.channels.wecom.events import ContactAdded, ContactDropped, ContactEdited, ContactLost
from juqun.channels.wecom.testing import scripted_wecom
from juqun.domains.members import handlers, operations, queries
from juqun.domains.members.models import FriendLink, Member
from juqun.domains.members.testing import AT, make_member
from juqun.domains.members.types import IdentityKind
from juqun.domains.org.testing import make_small_chain
from juqun.kernel import clock
from juqun.kernel.jobs import GiveUp
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
EXTERNAL = IdentityKind.EXTERNAL_USERID


def contact(*userids, mobiles=(), unionid="oU1"):
    return {
        "external_contact": {"external_userid": "wmA", "name": "小王", "type": 1, "gender": 2, "unionid": unionid},
        "follow_user": [
            {"userid": userid, "createtime": 1772330400, "remark_mobiles": list(mobiles), "add_way": 1, "state": "code7"}
            for userid in userids
        ],
    }  # fmt: skip


def added(userid="wang", state="code7", at=AT):
    return ContactAdded(userid=userid, external_userid="wmA", state=state, welcome_code="w", at=at)


def test_a_new_contact_becomes_a_member_and_a_friend_once():
    org = make_small_chain()
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", contact("wang"))
        handlers.on_contact_added(added())
        handlers.on_contact_added(added())
    member_id = queries.find_member_id(kind=EXTERNAL, value="wmA")
    view = queries.get_member(scope=ALL, member_id=member_id)
    assert (view.display_name, view.gender, view.store_id, view.staff_id, view.is_friend, view.source) == (
        "小王", "female", org.tianhe.id, org.wang.id, True, "wecom",
    )  # fmt: skip
    assert FriendLink.objects.values_list("state").get() == ("code7",)
    assert queries.find_member_id(kind=IdentityKind.UNIONID, value="oU1") == member_id


def test_a_remark_with_a_phone_tells_who_it_is():
    make_small_chain()
    by_phone = make_member(phone="13800138000", display_name="王小明")
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", contact("wang"), contact("wang", mobiles=("138 0013 8000", "n/a")))
        handlers.on_contact_added(added())
        assert queries.count_members(scope=ALL) == 2
        handlers.on_contact_edited(ContactEdited(userid="wang", external_userid="wmA", at=AT))
    assert queries.count_members(scope=ALL) == 1
    assert queries.find_member_id(kind=EXTERNAL, value="wmA") == by_phone
    assert queries.get_member(scope=ALL, member_id=by_phone).is_friend


def test_who_is_gone_by_now_is_left_alone():
    make_small_chain()
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", {"errcode": 84061, "errmsg": "not external contact"}, contact("li"))
        handlers.on_contact_added(added())
        handlers.on_contact_added(added())
    assert Member.unscoped.count() == 0


def test_unknown_staff_become_a_dead_letter_and_the_member_is_kept():
    make_small_chain()
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", contact("ghost"))
        with pytest.raises(GiveUp, match="ghost"):
            handlers.on_contact_added(added("ghost"))
    assert queries.count_members(scope=ALL) == 1


def test_friendships_end():
    make_small_chain()
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", contact("wang", "li"))
        handlers.on_contact_added(added("wang"))
        handlers.on_contact_added(added("li"))
    later = AT + timedelta(hours=1)
    handlers.on_contact_lost(ContactLost(userid="wang", external_userid="wmA", at=later))
    handlers.on_contact_dropped(ContactDropped(userid="li", external_userid="wmA", by_transfer=True, at=later))
    handlers.on_contact_lost(ContactLost(userid="wang", external_userid="nobody", at=later))
    assert set(FriendLink.objects.values_list("lost_by", flat=True)) == {"customer", "transfer"}
    assert queries.count_friends(scope=ALL) == 0


def test_who_is_erased_while_wecom_is_asked_stays_erased():
    make_small_chain()
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", contact("wang"))
        handlers.on_contact_added(added())

        def erased_meanwhile(_body):
            operations.erase_member(member_id=queries.find_member_id(kind=EXTERNAL, value="wmA"), actor="hong")
            return contact("wang")

        wecom.script("externalcontact/get", erased_meanwhile)
        handlers.on_contact_edited(ContactEdited(userid="wang", external_userid="wmA", at=AT))
    assert queries.find_member_id(kind=EXTERNAL, value="wmA") is None


def test_an_edit_does_not_bring_erased_members_back_but_they_may_come():
    make_small_chain()
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get", contact("wang"))
        handlers.on_contact_added(added())
        operations.erase_member(member_id=queries.find_member_id(kind=EXTERNAL, value="wmA"), actor="hong")
        handlers.on_contact_edited(ContactEdited(userid="wang", external_userid="wmA", at=AT))
        handlers.on_contact_added(added())  # the old news once more, late
        assert queries.find_member_id(kind=EXTERNAL, value="wmA") is None
        handlers.on_contact_added(added(at=clock.now() + timedelta(seconds=1)))
    assert queries.count_friends(scope=ALL) == 1
    assert not queries.is_erased_contact(external_userid="wmA")
