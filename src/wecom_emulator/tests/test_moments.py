from typing import Any

import pytest

from wecom_emulator.tests.conftest import PNG, Desk

NOW = 1511755200
RANGE = {"start_time": NOW - 86_400, "end_time": NOW + 86_400}
LONG_VIDEO = (
    b"\x00\x00\x00\x18ftypmp42" + b"0" * 16 + b"mvhd" + b"\x00" * 12 + (1).to_bytes(4, "big") + (31).to_bytes(4, "big")
)


def attached(desk: Desk, content: bytes = PNG, *, kind: str = "image", purpose: int = 1) -> str:
    params = {"access_token": desk.token(), "media_type": kind, "attachment_type": purpose}
    files = {"media": ("a.png", content)}
    return str(desk.http.post("/cgi-bin/media/upload_attachment", params=params, files=files).json()["media_id"])


def image(media_id: str) -> dict[str, Any]:
    return {"msgtype": "image", "image": {"media_id": media_id}}


def result(desk: Desk, jobid: str) -> Any:
    assert desk.get("externalcontact/get_moment_task_result", jobid=jobid)["status"] == 2
    done = desk.get("externalcontact/get_moment_task_result", jobid=jobid)
    assert done["status"] == 3
    return done["result"]


def made(desk: Desk, **body: Any) -> str:
    jobid = desk.ok("externalcontact/add_moment_task", **{"text": {"content": "New in"}, **body})["jobid"]
    return str(result(desk, jobid)["moment_id"])


def read(desk: Desk, name: str, **body: Any) -> Any:
    return desk.ok(f"externalcontact/{name}", **body)


def test_a_moment_goes_from_job_to_customers(desk: Desk):
    desk.staff("li", "wang")
    desk.staff("off", feature_on=False)
    first, second, third = desk.customers(3)
    desk.befriend("li", first, second)
    desk.befriend("wang", third)
    moment_id = made(desk, attachments=[image(attached(desk))])
    tasks = read(desk, "get_moment_task", moment_id=moment_id)["task_list"]
    assert tasks == [{"userid": "li", "publish_status": 0}, {"userid": "wang", "publish_status": 0}]
    assert desk.admin("GET", f"/actors/customers/{first}/moments")["moments"] == []
    ask = {"moment_id": moment_id, "userid": "li"}
    meant = [{"userid": "li", "external_userid": first}, {"userid": "li", "external_userid": second}]
    assert read(desk, "get_moment_customer_list", **ask)["customer_list"] == meant
    assert read(desk, "get_moment_send_result", **ask)["customer_list"] == []
    assert [row["moment_id"] for row in desk.admin("GET", "/actors/staff/li/moments")["waiting"]] == [moment_id]
    assert desk.member("li", "publish_moment")["published"] == [moment_id]
    desk.member("li", "publish_moment", moment_id=moment_id, status=404)
    sent = [{"external_userid": first}, {"external_userid": second}]
    assert read(desk, "get_moment_send_result", **ask)["customer_list"] == sent
    assert read(desk, "get_moment_task", moment_id=moment_id)["task_list"][0]["publish_status"] == 1
    (seen,) = desk.admin("GET", f"/actors/customers/{first}/moments")["moments"]
    assert (seen["userid"], seen["text"], seen["attachments"][0]["msgtype"]) == ("li", "New in", "image")


def test_customers_like_and_comment(desk: Desk):
    desk.staff("li")
    friend, stranger = desk.customers(2)
    desk.befriend("li", friend)
    moment_id = made(desk)
    say = {"moment_id": moment_id, "userid": "li"}
    desk.customer(friend, "like", **say, status=404)
    desk.member("li", "publish_moment", moment_id=moment_id)
    desk.customer(friend, "like", **say)
    desk.customer(friend, "like", **say)
    desk.customer(friend, "comment", **say, text="How much?")
    desk.member("li", "comment_moment", moment_id=moment_id, text="99")
    desk.customer(stranger, "comment", **say, text="?", status=404)
    told = read(desk, "get_moment_comments", **say)
    assert told["like_list"] == [{"external_userid": friend, "create_time": NOW}]
    assert [row.get("external_userid") or row["userid"] for row in told["comment_list"]] == [friend, "li"]
    desk.customer(friend, "like", **say, undo=True)
    assert read(desk, "get_moment_comments", **say)["like_list"] == []
    desk.customer(friend, "delete_staff", userid="li")
    desk.customer(friend, "like", **say, status=409)


def test_range_and_tags_choose_who_publishes_to_whom(desk: Desk):
    desk.admin("POST", "/departments", {"departments": [{"id": 2, "name": "E"}]})
    desk.staff("li", "wang")
    desk.staff("zhao", department=[2])
    first, second = desk.customers(2)
    desk.befriend("li", first, second)
    group = desk.ok("externalcontact/add_corp_tag", group_name="T", tag=[{"name": "a"}])["tag_group"]
    tag = group["tag"][0]["id"]
    desk.ok("externalcontact/mark_tag", userid="li", external_userid=second, add_tag=[tag])
    visible = {
        "sender_list": {"user_list": ["li", "ghost"], "department_list": [2, 9]},
        "external_contact_list": {"tag_list": [tag, "made up"]},
    }
    jobid = desk.ok("externalcontact/add_moment_task", text={"content": "x"}, visible_range=visible)["jobid"]
    done = result(desk, jobid)
    assert done["invalid_sender_list"] == {"user_list": ["ghost"], "department_list": [9]}
    assert done["invalid_external_contact_list"] == {"tag_list": ["made up"]}
    tasks = read(desk, "get_moment_task", moment_id=done["moment_id"])["task_list"]
    assert [task["userid"] for task in tasks] == ["li", "zhao"]
    desk.member("li", "publish_moment")
    told = read(desk, "get_moment_send_result", moment_id=done["moment_id"], userid="li")
    assert told["customer_list"] == [{"external_userid": second}]
    nobody = {"sender_list": {"user_list": ["ghost"]}}
    jobid = desk.ok("externalcontact/add_moment_task", text={"content": "x"}, visible_range=nobody)["jobid"]
    assert result(desk, jobid)["errcode"] == 41061


def test_contents_are_checked(desk: Desk):
    desk.staff("li")
    desk.settings(rate_caps={})  # more cases than WeCom allows in a minute
    picture, other = image(attached(desk)), image(attached(desk, purpose=2))
    message = image(desk.upload("image", PNG)["media_id"])
    long_video = {"msgtype": "video", "video": {"media_id": attached(desk, LONG_VIDEO, kind="video")}}
    link = {"msgtype": "link", "link": {"title": "T", "url": "https://x", "media_id": attached(desk)}}
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 41089),
        ({"text": {"content": "x" * 2001}}, 41066),
        ({"text": {"content": "聚" * 2000}}, 0),
        ({"attachments": [picture] * 9}, 0),
        ({"attachments": [picture] * 10}, 41064),
        ({"attachments": [picture, link]}, 41064),
        ({"attachments": [link, link]}, 41064),
        ({"attachments": [link]}, 0),
        ({"attachments": [{"msgtype": "file", "file": {}}]}, 41065),
        ({"attachments": [other]}, 40007),
        ({"attachments": [message]}, 40007),
        ({"attachments": [long_video]}, 40058),
        ({"attachments": [{**link, "link": {**link["link"], "title": "x" * 65}}]}, 45002),
        ({"text": {"content": "x"}, "visible_range": {"sender_list": {"user_list": 5}}}, 40058),
    ]
    assert [desk.post("externalcontact/add_moment_task", **body)["errcode"] for body, _ in cases] == [
        code for _, code in cases
    ]


def test_the_month_has_a_quota_and_a_job_a_day(desk: Desk):
    desk.settings(moment_tasks_per_month=1)
    desk.staff("li")
    jobid = desk.ok("externalcontact/add_moment_task", text={"content": "x"})["jobid"]
    assert desk.post("externalcontact/add_moment_task", text={"content": "x"})["errcode"] == 41078
    desk.advance(86_400)
    assert desk.get("externalcontact/get_moment_task_result", jobid=jobid)["errcode"] == 41062
    desk.travel("2017-12-01T00:00:00Z")
    desk.ok("externalcontact/add_moment_task", text={"content": "x"})


def test_moments_are_listed_by_time_kind_and_creator(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    corp = made(desk, attachments=[image(attached(desk))])
    own = desk.member("li", "post_moment", text="Mine")["moment_id"]
    rows = read(desk, "get_moment_list", **RANGE)["moment_list"]
    assert [(row["moment_id"], row["create_type"], row.get("creator")) for row in rows] == [
        (corp, 0, None),
        (own, 1, "li"),
    ]
    assert (rows[0]["text"], len(rows[0]["image"])) == ({"content": "New in"}, 1)
    for ask, found in (({"filter_type": 0}, [corp]), ({"filter_type": 1}, [own]), ({"creator": "li"}, [own])):
        told = read(desk, "get_moment_list", **RANGE, **ask)["moment_list"]
        assert [row["moment_id"] for row in told] == found
    page = read(desk, "get_moment_list", **RANGE, limit=1)
    rest = read(desk, "get_moment_list", **RANGE, limit=1, cursor=page["next_cursor"])
    assert [page["moment_list"][0]["moment_id"], rest["moment_list"][0]["moment_id"]] == [corp, own]
    long = {"start_time": NOW - 31 * 86_400, "end_time": NOW}
    assert desk.post("externalcontact/get_moment_list", **long)["errcode"] == 600018
    assert desk.post("externalcontact/get_moment_list")["errcode"] == 40063
    told = read(desk, "get_moment_send_result", moment_id=own, userid="li")
    assert told["customer_list"] == [{"external_userid": customer}]
    assert desk.post("externalcontact/get_moment_task", moment_id=own)["errcode"] == 41060


def test_what_is_not_published_can_be_cancelled(desk: Desk):
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    moment_id = made(desk)
    desk.member("li", "publish_moment")
    read(desk, "cancel_moment_task", moment_id=moment_id)
    desk.member("wang", "publish_moment", moment_id=moment_id, status=404)
    assert desk.admin("GET", "/actors/staff/wang/moments")["waiting"] == []
    assert len(desk.admin("GET", f"/actors/customers/{customer}/moments")["moments"]) == 1
    other = made(desk)
    assert desk.member("wang", "ignore_moment", moment_id=other)["ignored"] == [other]


@pytest.mark.parametrize("name", ["get_moment_task", "get_moment_comments", "cancel_moment_task"])
def test_moments_must_be_known(desk: Desk, name: str):
    assert desk.post(f"externalcontact/{name}", userid="li")["errcode"] == 41059
    assert desk.post(f"externalcontact/{name}", moment_id="x", userid="li")["errcode"] == 41060
