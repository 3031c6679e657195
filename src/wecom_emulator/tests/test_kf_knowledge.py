from wecom_emulator.tests.conftest import PNG, Desk


def said(text: str) -> dict:
    return {"text": {"content": text}}


def default_group(desk: Desk) -> str:
    (group,) = desk.ok("kf/knowledge/list_group")["group_list"]
    assert (group["name"], group["is_default"]) == ("默认分组", 1)
    return str(group["group_id"])


def test_groups(desk: Desk):
    default = default_group(desk)
    made = desk.ok("kf/knowledge/add_group", name="Opening")["group_id"]
    cases = [
        ("add_group", {"name": "Opening"}, 40058),
        ("add_group", {"name": "x" * 13}, 40058),
        ("add_group", {}, 40063),
        ("mod_group", {"group_id": default, "name": "Mine"}, 40058),
        ("del_group", {"group_id": default}, 40058),
        ("mod_group", {"group_id": "none", "name": "Mine"}, 40058),
        ("mod_group", {"group_id": made, "name": "Opening"}, 0),
        ("mod_group", {"group_id": made, "name": "Hours"}, 0),
    ]
    answers = [desk.post(f"kf/knowledge/{path}", **body)["errcode"] for path, body, _ in cases]
    assert answers == [code for *_, code in cases]
    first = desk.ok("kf/knowledge/list_group", limit=1)
    second = desk.ok("kf/knowledge/list_group", limit=1, cursor=first["next_cursor"])
    assert (first["has_more"], second["has_more"]) == (1, 0)
    assert second["group_list"] == [{"group_id": made, "name": "Hours", "is_default": 0}]
    desk.settings(kf_knowledge_groups=2)
    assert desk.post("kf/knowledge/add_group", name="Third")["errcode"] == 40058
    desk.ok("kf/knowledge/add_intent", group_id=made, question=said("q"), answers=[said("a")])
    desk.ok("kf/knowledge/del_group", group_id=made)
    assert desk.ok("kf/knowledge/list_intent")["intent_list"] == []


def test_intents(desk: Desk):
    group = default_group(desk)
    image = desk.upload("image", PNG, name="map.png")["media_id"]
    attachments = [
        {"msgtype": "image", "image": {"media_id": image}},
        {"msgtype": "link", "link": {"title": "T", "url": "https://x.cn"}},
        {
            "msgtype": "miniprogram",
            "miniprogram": {"title": "M", "thumb_media_id": image, "appid": "wxa", "pagepath": "p"},
        },
    ]
    intent = desk.ok(
        "kf/knowledge/add_intent",
        group_id=group,
        question=said("When?"),
        similar_questions={"items": [said("At what time?")]},
        answers=[{**said("At ten"), "attachments": attachments}],
    )["intent_id"]
    row = {
        "group_id": group,
        "intent_id": intent,
        "question": said("When?"),
        "similar_questions": {"items": [said("At what time?")]},
        "answers": [
            {
                **said("At ten"),
                "attachments": [
                    {"msgtype": "image", "image": {"name": "map.png"}},
                    attachments[1],
                    {"msgtype": "miniprogram", "miniprogram": {"title": "M", "appid": "wxa", "pagepath": "p"}},
                ],
            }
        ],
    }
    assert desk.ok("kf/knowledge/list_intent", intent_id=intent)["intent_list"] == [row]
    desk.ok("kf/knowledge/mod_intent", intent_id=intent, answers=[said("At nine")])
    (changed,) = desk.ok("kf/knowledge/list_intent", group_id=group)["intent_list"]
    assert changed == {**row, "answers": [{**said("At nine"), "attachments": []}]}
    desk.settings(kf_intents_nested=True)
    (nested,) = desk.ok("kf/knowledge/list_intent")["intent_list"]
    assert (nested["question"]["similar_questions"], "answers" in nested) == (row["similar_questions"], False)
    desk.ok("kf/knowledge/del_intent", intent_id=intent)
    assert desk.post("kf/knowledge/del_intent", intent_id=intent)["errcode"] == 40058


def test_intents_keep_their_limits(desk: Desk):
    group = default_group(desk)
    other = desk.ok("kf/knowledge/add_group", name="Other")["group_id"]
    sound = {"group_id": group, "question": said("q"), "answers": [said("a")]}
    desk.ok("kf/knowledge/add_intent", **sound)
    fresh = {**sound, "question": said("new")}
    link = {"msgtype": "link", "link": {"title": "T", "url": "https://x.cn"}}
    cases = [
        ({**sound, "group_id": other}, 40058),
        ({**fresh, "group_id": "none"}, 40058),
        ({**fresh, "question": said("q" * 201)}, 40058),
        ({**fresh, "question": "q"}, 40058),
        ({**fresh, "similar_questions": {"items": [said("s")] * 101}}, 40058),
        ({**fresh, "answers": []}, 40058),
        ({**fresh, "answers": [said("a"), said("b")]}, 40058),
        ({**fresh, "answers": [said("a" * 501)]}, 40058),
        ({**fresh, "answers": [{**said("a"), "attachments": [link] * 5}]}, 40058),
        ({**fresh, "answers": [{**said("a"), "attachments": [{"msgtype": "voice"}]}]}, 41065),
        (
            {**fresh, "answers": [{**said("a"), "attachments": [{"msgtype": "image", "image": {"media_id": "x"}}]}]},
            40007,
        ),
        ({**fresh, "answers": [{**said("a"), "attachments": [link] * 4}]}, 0),
    ]
    assert [desk.post("kf/knowledge/add_intent", **body)["errcode"] for body, _ in cases] == [code for _, code in cases]
    desk.settings(kf_intents_per_group=2)
    assert desk.post("kf/knowledge/add_intent", **{**sound, "question": said("third")})["errcode"] == 40058
    assert (
        desk.post("kf/knowledge/add_intent", **{**sound, "question": said("third"), "group_id": other})["errcode"] == 0
    )
