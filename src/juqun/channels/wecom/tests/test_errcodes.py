"""Every code of the table: its kind, whether to repeat, and a sentence that names the next step."""

import inspect

import pytest

from juqun.channels.wecom import endpoints, errcodes, errors, rules
from juqun.channels.wecom.types import RetryLater, RetryNever, RetryWithNewToken

DOCUMENTED = {
    -1, 40001, 40003, 40007, 40013, 40014, 42001, 41001, 40029, 40056, 42009, 40058, 40063, 40068, 40071, 40072,
    40096, 40097, 40098, 40099, 40100, 40128, 41037, 41050, 41051, 41096, 41055, 41063, 45002, 45009, 45033, 48002, 50001,
    60005, 60006, 60008, 60011, 60020, 60102, 60111, 81013, 81017, 84061, 84074, 84083, 90500, 90501, 90502, 90507, 90508,
    301002, 301021, 600018,
}  # fmt: skip
MOMENTS = {*range(41059, 41068), 41078, 41079, 41089}
KF = {40007, 40008, 40096, 90207, *range(95000, 95010), *range(95011, 95019), 95021}
AREA_PATHS = {
    "": "externalcontact/get", "kf/": "kf/send_msg", "externalcontact/get_moment": "externalcontact/get_moment_list",
}  # fmt: skip
ROWS = [(AREA_PATHS.get(area, area), code) for area, table in errcodes.AREAS.items() for code in table]


def error(path, code, errmsg="no, hint: [1_2_3], from ip: 203.0.113.7, more info at x"):
    return rules.error_of(endpoints.Endpoint(path=path), code, errmsg)


def test_the_documented_codes_are_all_known():
    assert {code for code in DOCUMENTED if errcodes.meaning("externalcontact/x", code) is None} == set()
    assert {code for code in MOMENTS if errcodes.meaning("externalcontact/add_moment_task", code) is None} == set()
    assert {code for code in KF if errcodes.meaning("kf/send_msg", code) is None} == set()


@pytest.mark.parametrize(("path", "code"), ROWS)
def test_every_code_says_what_it_is_and_what_to_do(path, code):
    found = error(path, code)
    assert (found.endpoint, found.errcode, found.detail) == (path, code, "no")
    assert type(found) is not errors.WecomError
    if isinstance(found, errors.WecomBusyError):
        assert found.retry == RetryLater(found.seconds)
        assert found.seconds >= 1
    elif isinstance(found, errors.WecomTokenError):
        assert found.retry == RetryWithNewToken()
    else:
        assert found.retry == RetryNever()
        step = found.remedy or found.next_step or str(found)
        assert len(step.split()) >= 4
        assert str(found).endswith(".") or str(found).endswith("?")
        assert str(found).count(found.remedy or found.next_step) >= 1


@pytest.mark.parametrize(
    ("path", "code", "kind"),
    [
        ("externalcontact/mark_tag", 84061, errors.NotAContactError),
        ("externalcontact/add_contact_way", 41045, errors.WecomQuotaError),
        ("externalcontact/group_welcome_template/add", 41055, errors.WecomQuotaError),
        ("externalcontact/add_contact_way", 84074, errors.VisibleRangeError),
        ("externalcontact/edit_corp_tag", 301002, errors.VisibleRangeError),
        ("externalcontact/transfer_customer", 40128, errors.TransferRefusedError),
        ("externalcontact/groupchat/get", 41063, errors.ChatUnknownError),
        ("externalcontact/add_moment_task", 41063, errors.MomentRefusedError),
        ("externalcontact/add_moment_task", 45009, errors.WecomBusyError),
        ("externalcontact/send_welcome_msg", 40058, errors.WelcomeSpentError),
        ("externalcontact/remark", 40058, errors.WecomRequestError),
        ("kf/send_msg", 95001, errors.KfWindowClosedError),
        ("kf/send_msg_on_event", 95013, errors.WelcomeSpentError),
        ("kf/send_msg", 95018, errors.KfStateError),
        ("kf/sync_msg", 95007, errors.KfTokenOldError),
        ("kf/account/list", 48002, errors.NoApiRightError),
        ("gettoken", 40001, errors.WecomCredentialError),
    ],
)
def test_one_number_means_what_its_area_says(path, code, kind):
    assert type(error(path, code)) is kind


@pytest.mark.parametrize("code", [95019, 95020, 99999, 123])
def test_an_unknown_code_is_final_and_keeps_the_whole_text(code):
    whole = "strange thing, hint: [1_2_3], from ip: 1.2.3.4, more info at https://open.work.weixin.qq.com"
    found = error("kf/send_msg", code, whole)
    assert type(found) is errors.WecomRefusedError
    assert found.retry == RetryNever()
    assert found.detail == whole
    assert "does not know the code" in str(found)


def test_every_kind_of_error_is_used_or_is_the_clients_own():
    kinds = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.WecomError)}
    used = {meaning.kind for table in errcodes.AREAS.values() for meaning in table.values()}
    own = {
        errors.WecomError, errors.WecomRefusedError, errors.WecomLimitError, errors.WecomUnknownOutcomeError,
        errors.WecomAnswerError,
    }  # fmt: skip
    assert kinds == used | own
