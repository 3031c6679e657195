from datetime import UTC, datetime

import pytest

from juqun.channels.wecom import events
from juqun.channels.wecom.envelope import parse
from juqun.channels.wecom.translation import dedupe_key, to_event, urgency

AT = datetime(2017, 6, 1, 4, 0, tzinfo=UTC)
NOW = datetime(2017, 6, 1, 4, 0, 2, tzinfo=UTC)


def message(**texts):
    common = {"ToUserName": "corp", "FromUserName": "sys", "CreateTime": str(int(AT.timestamp())), "MsgType": "event"}
    fields = common | {tag: text for tag, text in texts.items() if text is not None}
    return f"<xml>{''.join(f'<{tag}>{text}</{tag}>' for tag, text in fields.items())}</xml>".encode()


def acquisition(change_type, **texts):
    return message(Event="customer_acquisition", ChangeType=change_type, **texts)


def contact(change_type, **texts):
    return message(
        Event="change_external_contact", ChangeType=change_type, UserID="wang", ExternalUserID="wm1", **texts
    )


@pytest.mark.parametrize(
    ("xml", "event"),
    [
        (
            contact("add_external_contact", State="lc1", WelcomeCode="W"),
            events.ContactAdded(userid="wang", external_userid="wm1", state="lc1", welcome_code="W", at=AT),
        ),
        (
            contact("add_half_external_contact", WelcomeCode="W"),
            events.ContactAdded(
                userid="wang", external_userid="wm1", state="", welcome_code="W", at=AT, is_confirmed=False
            ),
        ),
        (contact("edit_external_contact"), events.ContactEdited(userid="wang", external_userid="wm1", at=AT)),
        (contact("del_follow_user"), events.ContactLost(userid="wang", external_userid="wm1", at=AT)),
        (
            contact("del_external_contact"),
            events.ContactDropped(userid="wang", external_userid="wm1", by_transfer=False, at=AT),
        ),
        (
            contact("del_external_contact", Source="DELETE_BY_TRANSFER"),
            events.ContactDropped(userid="wang", external_userid="wm1", by_transfer=True, at=AT),
        ),
        (
            contact("transfer_fail", FailReason="customer_refused"),
            events.TransferFailed(taker_userid="wang", external_userid="wm1", reason="customer_refused", at=AT),
        ),
        (
            message(Event="change_external_chat", ChangeType="create", ChatId="wr1"),
            events.GroupChatCreated(chat_id="wr1", at=AT),
        ),
        (
            message(
                Event="change_external_chat",
                ChangeType="update",
                ChatId="wr1",
                UpdateDetail="add_member",
                MemChangeList="<Item>wm1</Item><Item>wm2</Item>",
                CurMemVer="v2",
            ),
            events.GroupChatChanged(
                chat_id="wr1", detail="add_member", at=AT, member_version="v2", member_ids="wm1,wm2"
            ),
        ),
        (
            message(Event="change_external_chat", ChangeType="dismiss", ChatId="wr1"),
            events.GroupChatDismissed(chat_id="wr1", at=AT),
        ),
        (
            message(Event="change_external_tag", ChangeType="shuffle", Id="et1", TagType="tag"),
            events.CorpTagsChanged(at=AT),
        ),
        (
            message(Event="change_contact", ChangeType="create_user", UserID="wang"),
            events.StaffUserJoined(userid="wang", at=AT),
        ),
        (
            message(Event="change_contact", ChangeType="delete_user", UserID="wang"),
            events.StaffUserLeft(userid="wang", at=AT),
        ),
        (
            message(Event="kf_msg_or_event", Token="ENC", OpenKfId="wk1"),
            events.KfMessagesWaiting(open_kfid="wk1", token="ENC", at=AT),
        ),
        (message(Event="msgaudit_notify", AgentID="2000004"), events.ArchiveWaiting(at=AT)),
        (acquisition("balance_low"), events.AcquisitionBalanceLow(at=AT)),
        (acquisition("balance_exhausted"), events.AcquisitionBalanceExhausted(at=AT)),
        (acquisition("balance_increased"), events.AcquisitionBalanceIncreased(at=AT)),
        (
            acquisition("quota_expire_soon", ExpireTime="1496289602", ExpireQuotaNum="7"),
            events.AcquisitionQuotaExpiring(expires_at=NOW, count=7, at=AT),
        ),
        (
            acquisition("quota_expire_soon", ExpireTime="9" * 5_000, ExpireQuotaNum="9" * 5_000),
            events.AcquisitionQuotaExpiring(expires_at=AT, count=0, at=AT),
        ),
        (acquisition("link_unavailable", LinkId="caw1"), events.AcquisitionLinkUnavailable(link_id="caw1", at=AT)),
        (acquisition("delete_link", LinkId="caw1"), events.AcquisitionLinkDeleted(link_id="caw1", at=AT)),
        (
            acquisition("open_profile", LinkId="caw1", State="tv"),
            events.AcquisitionProfileOpened(link_id="caw1", state="tv", at=AT),
        ),
        (
            acquisition("friend_request", LinkId="caw1", State="tv"),
            events.AcquisitionFriendRequested(link_id="caw1", state="tv", at=AT),
        ),
        (
            acquisition("customer_start_chat", LinkId="caw1", State="tv", UserID="wang", ExternalUserID="wm1"),
            events.AcquisitionChatStarted(link_id="caw1", state="tv", userid="wang", external_userid="wm1", at=AT),
        ),
        (acquisition("of_the_year_2030"), None),
        (message(Event="change_external_contact", ChangeType="of_the_year_2030"), None),
        (b"<xml><MsgType>text</MsgType><Content>hi</Content></xml>", None),
    ],
)
def test_each_message_becomes_its_event(xml, event):
    assert to_event(parse(xml), NOW) == event


def test_a_senseless_create_time_falls_back_to_the_time_of_arrival():
    xml = message(Event="kf_msg_or_event", Token="T", OpenKfId="wk1").replace(
        str(int(AT.timestamp())).encode(), b"soon"
    )
    assert to_event(parse(xml), NOW).at == NOW


def test_urgency_puts_welcome_codes_before_bells_before_the_rest():
    welcome = parse(contact("add_external_contact", WelcomeCode="W"))
    bell = parse(message(Event="kf_msg_or_event", Token="T"))
    rest = parse(contact("add_external_contact"))
    assert urgency(welcome) > urgency(bell) > urgency(rest) == 0


def key(xml):
    return dedupe_key(parse(xml), xml)


def test_key_is_the_same_for_a_repeated_message_and_differs_for_any_other():
    several = [
        contact("add_external_contact", WelcomeCode="W"),
        contact("add_half_external_contact", WelcomeCode="W"),
        contact("del_follow_user"),
        contact("del_follow_user").replace(b"wm1", b"wm2"),
        contact("del_follow_user").replace(b"wang", b"chen"),
        message(
            Event="change_external_chat", ChangeType="update", ChatId="c", UpdateDetail="add_member", CurMemVer="1"
        ),
        message(
            Event="change_external_chat", ChangeType="update", ChatId="c", UpdateDetail="add_member", CurMemVer="2"
        ),
        message(
            Event="change_external_chat", ChangeType="update", ChatId="c", UpdateDetail="del_member", CurMemVer="2"
        ),
        message(
            Event="change_external_chat", ChangeType="update", ChatId="c", UpdateDetail="add_member", MemChangeList="a"
        ),
        message(
            Event="change_external_chat", ChangeType="update", ChatId="c", UpdateDetail="add_member", MemChangeList="b"
        ),
        message(Event="change_external_tag", ChangeType="delete", Id="t1"),
        message(Event="change_external_tag", ChangeType="delete", Id="t2"),
        message(Event="kf_msg_or_event", OpenKfId="wk1", Token="T1"),
        message(Event="kf_msg_or_event", OpenKfId="wk1", Token="T2"),
        message(Event="customer_acquisition", ChangeType="friend_request", LinkId="l1"),
        message(Event="customer_acquisition", ChangeType="friend_request", LinkId="l2"),
    ]
    assert len({key(xml) for xml in several}) == len(several)
    assert [key(xml) for xml in several] == [key(bytes(xml)) for xml in several]


def test_fields_cannot_be_shifted_into_one_another():
    one = message(Event="change_contact", ChangeType="delete_user", UserID="ab", ExternalUserID="c")
    two = message(Event="change_contact", ChangeType="delete_user", UserID="a", ExternalUserID="bc")
    assert key(one) != key(two)
