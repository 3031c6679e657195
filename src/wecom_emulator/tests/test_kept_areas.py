import json

from wecom_emulator.running import run_in_thread
from wecom_emulator.tests.conftest import PNG, Desk
from wecom_emulator.tests.test_moments import attached, image

ARCHIVE = {"secret": "emulator-archive-secret"}


def test_what_the_areas_keep_survives_saving_and_loading(desk: Desk):
    desk.settings(archive_on=True)
    desk.staff("li", "wang")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    moment = {"text": {"content": "New"}, "attachments": [image(attached(desk))]}
    jobid = desk.ok("externalcontact/add_moment_task", **moment)["jobid"]
    tagid = desk.ok("tag/create", tagname="T")["tagid"]
    desk.ok("tag/addtagusers", tagid=tagid, userlist=["li"])
    picture = {"type": "image", "image": {"media_id": attached(desk, PNG, purpose=2)}}
    product = {"description": "Tea", "price": 1, "attachments": [picture]}
    product_id = desk.ok("externalcontact/add_product_album", **product)["product_id"]
    words = {"rule_name": "R", "word_list": ["bad"], "intercept_type": 1, "applicable_range": {"user_list": ["li"]}}
    desk.ok("externalcontact/add_intercept_rule", **words)
    msgid = desk.ok("message/send", totag=str(tagid), msgtype="text", agentid=1000002, text={"content": "hi"})["msgid"]
    desk.ok("appchat/create", chatid="c1", userlist=["li", "wang"])
    desk.ok("idconvert/unionid_to_external_userid", unionid="union0", openid="o")
    desk.customer(customer, "agree_archive", userid="li")
    desk.customer(customer, "write", to="staff", userid="li", text="Hello")
    ticket = desk.get("get_jsapi_ticket")["ticket"]
    saved = desk.admin("GET", "/corp")
    with run_in_thread(corp=json.loads(json.dumps(saved)), clock="2017-11-27T04:00:00Z", frozen=True) as other:
        again = Desk(other)
        assert again.admin("GET", "/corp") == saved
        again.get("externalcontact/get_moment_task_result", jobid=jobid)
        assert again.get("externalcontact/get_moment_task_result", jobid=jobid)["status"] == 3
        again.member("li", "publish_moment")
        assert len(again.admin("GET", f"/actors/customers/{customer}/moments")["moments"]) == 1
        again.ok("message/recall", msgid=msgid)
        again.member("li", "write", to="customer", external_userid=customer, text="bad", status=409)
        assert again.ok("externalcontact/get_product_album", product_id=product_id)["product"]["price"] == 1
        assert again.get("appchat/get", chatid="c1")["chat_info"]["userlist"] == ["li", "wang"]
        assert again.get("get_jsapi_ticket")["ticket"] == ticket
        pulled = again.http.get("/emulator/archive/pull", params=ARCHIVE).json()["chatdata"]
        assert [row["text"]["content"] for row in pulled] == ["Hello"]
        again.http.close()


def test_a_moment_of_many_staff_is_asked_for_in_pages(desk: Desk):
    desk.staff(*(f"s{number:03}" for number in range(120)))
    jobid = desk.ok("externalcontact/add_moment_task", text={"content": "x"})["jobid"]
    desk.get("externalcontact/get_moment_task_result", jobid=jobid)
    moment_id = desk.get("externalcontact/get_moment_task_result", jobid=jobid)["result"]["moment_id"]
    found, cursor = [], ""
    while True:
        page = desk.ok("externalcontact/get_moment_task", moment_id=moment_id, limit=50, cursor=cursor)
        found += [row["userid"] for row in page["task_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert found == [f"s{number:03}" for number in range(120)]
