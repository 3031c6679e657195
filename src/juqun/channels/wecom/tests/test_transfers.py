"""Asking WeCom for hand-overs: each customer and group gets its own typed answer."""

from datetime import UTC, datetime

import httpx
import pytest

from juqun.channels.wecom import operations
from juqun.channels.wecom.errors import WecomLimitError, WecomRefusedError, WecomUnknownOutcomeError
from juqun.channels.wecom.testing import scripted_wecom
from juqun.channels.wecom.types import TransferOutcome, TransferProgress, TransferStart, TransferStatus

pytestmark = pytest.mark.django_db
ON_JOB, RESIGNED = "externalcontact/transfer_customer", "externalcontact/resigned/transfer_customer"
OWNER_LEFT, OWNER_HERE = "externalcontact/groupchat/transfer", "externalcontact/groupchat/onjob_transfer"


def test_each_customer_gets_their_own_answer():
    codes = {"wm0": 0, "wm1": 40100, "wm2": 40099, "wm3": 40128, "wm4": 40096, "wm5": 40098, "wm6": 12345}
    rows = [{"external_userid": key, "errcode": code} for key, code in codes.items()]
    with scripted_wecom() as wecom:
        wecom.script(ON_JOB, {"customer": rows})
        found = operations.transfer_customers(
            from_userid="wang", to_userid="li", external_userids=[*codes, "wm7"], has_left=False, message="您好"
        )
        assert wecom.bodies(ON_JOB)[0].items() >= {
            "handover_userid": "wang", "takeover_userid": "li", "transfer_success_msg": "您好",
        }.items()  # fmt: skip
    assert [(one.key, one.start) for one in found] == [
        ("wm0", TransferStart.STARTED),
        ("wm1", TransferStart.RUNNING),
        ("wm2", TransferStart.TAKER_FULL),
        ("wm3", TransferStart.QUOTA),
        ("wm4", TransferStart.NOT_A_CONTACT),
        ("wm5", TransferStart.TAKER_UNFIT),
        ("wm6", TransferStart.REFUSED),
        ("wm7", TransferStart.REFUSED),
    ]


def test_a_refusal_of_the_whole_call_is_told_of_each_customer():
    with scripted_wecom() as wecom:
        wecom.script(RESIGNED, {"errcode": 40097, "errmsg": "not resigned"}, {"errcode": 60111, "errmsg": "no user"})
        found = operations.transfer_customers(
            from_userid="wang", to_userid="li", external_userids=["wm1"], has_left=True, message="left out"
        )
        assert found == [
            TransferOutcome(key="wm1", start=TransferStart.GIVER_PRESENT, errcode=40097, detail="not resigned")
        ]
        assert "transfer_success_msg" not in wecom.bodies(RESIGNED)[0]
        with pytest.raises(WecomRefusedError):
            operations.transfer_customers(from_userid="x", to_userid="li", external_userids=["wm1"], has_left=True)


def test_limits_are_kept_before_anything_is_sent():
    with scripted_wecom() as wecom:
        for ids, message in (([], ""), ([f"wm{n}" for n in range(101)], ""), (["wm1"], "x" * 201)):
            with pytest.raises(WecomLimitError):
                operations.transfer_customers(
                    from_userid="a", to_userid="b", external_userids=ids, has_left=False, message=message
                )
        with pytest.raises(WecomLimitError):
            operations.transfer_groups(to_userid="b", chat_ids=[], has_left=True)
        assert wecom.calls == []


def test_a_lost_answer_is_never_repeated_by_itself():
    with scripted_wecom() as wecom:
        wecom.script(RESIGNED, httpx.ReadTimeout("lost"))
        with pytest.raises(WecomUnknownOutcomeError):
            operations.transfer_customers(from_userid="a", to_userid="b", external_userids=["wm1"], has_left=True)
        assert len(wecom.calls) == 1


def test_results_are_read_page_by_page():
    path = "externalcontact/transfer_result"
    with scripted_wecom() as wecom:
        wecom.script(
            path,
            {
                "customer": [{"external_userid": "wm1", "status": 1, "takeover_time": 1700000000}],
                "next_cursor": "two",
            },
            {"customer": [{"external_userid": f"wm{n}", "status": n} for n in range(2, 6)], "next_cursor": ""},
        )
        found = list(operations.iter_transfer_results(from_userid="a", to_userid="b", has_left=False))
        assert [body["cursor"] for body in wecom.bodies(path)] == ["", "two"]
    assert found[0] == TransferProgress(
        external_userid="wm1", status=TransferStatus.DONE, taken_over_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    )
    assert [(one.status, one.taken_over_at) for one in found[1:]] == [
        (status, None)
        for status in (
            TransferStatus.WAITING,
            TransferStatus.REFUSED,
            TransferStatus.TAKER_FULL,
            TransferStatus.NONE,
        )
    ]


def test_of_groups_only_the_failed_are_named():
    with scripted_wecom() as wecom:
        failed = [{"chat_id": "wr2", "errcode": 90501, "errmsg": "not external"}]
        wecom.script(OWNER_LEFT, {"failed_chat_list": failed})
        wecom.script(OWNER_HERE, {"failed_chat_list": []})
        found = operations.transfer_groups(to_userid="li", chat_ids=["wr1", "wr2"], has_left=True)
        assert [(one.key, one.start) for one in found] == [
            ("wr1", TransferStart.STARTED),
            ("wr2", TransferStart.NOT_A_CONTACT),
        ]
        (here,) = operations.transfer_groups(to_userid="li", chat_ids=["wr1"], has_left=False)
        assert here.start == TransferStart.STARTED


def test_the_unassigned_are_listed_with_the_day_of_leaving():
    row = {"handover_userid": "wang", "external_userid": "wm1", "dimission_time": 1700000000}
    with scripted_wecom() as wecom:
        wecom.script("externalcontact/get_unassigned_list", {"info": [row], "is_last": True})
        (found,) = operations.iter_unassigned()
    assert (found.userid, found.external_userid, found.left_at.year) == ("wang", "wm1", 2023)
