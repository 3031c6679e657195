"""Customer service: the knowledge base of the console's robot, kf/knowledge/*."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import living_media, object_of, string, web_address
from wecom_emulator.state.kf import KnowledgeGroup, KnowledgeIntent

NAME_CHARACTERS, QUESTION_CHARACTERS, ANSWER_CHARACTERS = 12, 200, 500
SIMILAR, ATTACHMENTS = 100, 4
DEFAULT_GROUP_NAME = "默认分组"


def _refused(text: str) -> WeComError:
    return WeComError(40058, f"invalid Request Parameter: {text}")


def _groups(call: Call) -> dict[str, KnowledgeGroup]:
    """Return the groups, with the default one that every corp has."""
    if not call.corp.kf_groups:
        group = KnowledgeGroup(group_id=call.corp.new_id("kf_group", "kg"), name=DEFAULT_GROUP_NAME, is_default=True)
        call.corp.kf_groups[group.group_id] = group
    return call.corp.kf_groups


def _group(call: Call) -> KnowledgeGroup:
    group = _groups(call).get(call.text("group_id", missing=40063))
    if group is None:
        raise _refused("group_id does not exist")
    return group


def _own_group(call: Call) -> KnowledgeGroup:
    group = _group(call)
    if group.is_default:
        raise _refused("the default group cannot be changed or deleted")
    return group


def _new_name(call: Call, group_id: str = "") -> str:
    name = call.text("name", missing=40063, most=NAME_CHARACTERS)
    if any(item.name == name and item.group_id != group_id for item in _groups(call).values()):
        raise _refused("name exists already")
    return name


@post("kf/knowledge/add_group", "kf")
def add_group(call: Call) -> Answer:
    """Answer kf/knowledge/add_group: unique name of at most 12 characters, at most 100 groups."""
    name = _new_name(call)
    if len(_groups(call)) >= call.settings.kf_knowledge_groups:
        raise _refused("group count exceeds limit")
    group = KnowledgeGroup(group_id=call.corp.new_id("kf_group", "kg"), name=name)
    call.corp.kf_groups[group.group_id] = group
    return {"group_id": group.group_id}


@post("kf/knowledge/mod_group", "kf")
def edit_group(call: Call) -> Answer:
    """Answer kf/knowledge/mod_group."""
    group = _own_group(call)
    group.name = _new_name(call, group.group_id)
    return {}


@post("kf/knowledge/del_group", "kf")
def delete_group(call: Call) -> Answer:
    """Answer kf/knowledge/del_group; its questions go with it."""
    group = _own_group(call)
    del call.corp.kf_groups[group.group_id]
    gone = [item.intent_id for item in call.corp.kf_intents.values() if item.group_id == group.group_id]
    for intent_id in gone:
        del call.corp.kf_intents[intent_id]
    return {}


@post("kf/knowledge/list_group", "kf")
def list_groups(call: Call) -> Answer:
    """Answer kf/knowledge/list_group by cursor, or one group by group_id."""
    wanted = call.text("group_id")
    items = [item for item in _groups(call).values() if wanted in ("", item.group_id)]
    page, cursor = call.page(items, limit=call.limit(default=500, most=1000))
    rows = [{"group_id": item.group_id, "name": item.name, "is_default": int(item.is_default)} for item in page]
    return {"next_cursor": cursor, "has_more": int(bool(cursor)), "group_list": rows}


def _content(value: Any, name: str, most: int) -> str:
    text = object_of(object_of(value, name).get("text"), "text").get("content")
    if not isinstance(text, str) or not text or len(text) > most:
        raise _refused(f"{name}.text.content should have 1 to {most} characters")
    return text


def _similar(call: Call) -> list[str]:
    items = object_of(call.body.get("similar_questions"), "similar_questions").get("items") or []
    if not isinstance(items, list) or len(items) > SIMILAR:
        raise _refused(f"similar_questions.items should have at most {SIMILAR} items")
    return [_content(item, "similar_questions", QUESTION_CHARACTERS) for item in items]


def _attachment(call: Call, item: Any) -> dict[str, Any]:
    entry = object_of(item, "attachments")
    kind = entry.get("msgtype")
    content = object_of(entry.get(kind), str(kind)) if isinstance(kind, str) else {}
    if kind in ("image", "video"):
        living_media(call.world, string(content, "media_id", most=512), kind)
    elif kind == "link":
        string(content, "title", most=128, required=True, missing=41016)
        web_address(content, "url", required=True)
        string(content, "desc", most=512)
        string(content, "pic_url", most=2048)
    elif kind == "miniprogram":
        string(content, "title", most=64)
        living_media(call.world, string(content, "thumb_media_id", most=512), "image")
        string(content, "appid", most=128, required=True)
        string(content, "pagepath", most=1024, required=True)
    else:
        raise WeComError(41065)
    return {"msgtype": kind, kind: content}


def _answers(call: Call) -> list[dict[str, Any]]:
    answers = call.objects("answers")
    if len(answers) != 1:
        raise _refused("answers should have exactly one item")
    text = _content(answers[0], "answers", ANSWER_CHARACTERS)
    attachments = answers[0].get("attachments") or []
    if not isinstance(attachments, list) or len(attachments) > ATTACHMENTS:
        raise _refused(f"attachments should have at most {ATTACHMENTS} items")
    return [{"text": {"content": text}, "attachments": [_attachment(call, item) for item in attachments]}]


def _new_question(call: Call, intent_id: str = "") -> str:
    question = _content(call.body.get("question"), "question", QUESTION_CHARACTERS)
    if any(item.question == question and item.intent_id != intent_id for item in call.corp.kf_intents.values()):
        raise _refused("question exists already")
    return question


@post("kf/knowledge/add_intent", "kf")
def add_intent(call: Call) -> Answer:
    """Answer kf/knowledge/add_intent: no question twice in the whole base, at most 200 questions in a group."""
    group, question, similar, answers = _group(call), _new_question(call), _similar(call), _answers(call)
    held = sum(item.group_id == group.group_id for item in call.corp.kf_intents.values())
    if held >= call.settings.kf_intents_per_group:
        raise _refused("intent count exceeds limit")
    intent = KnowledgeIntent(
        intent_id=call.corp.new_id("kf_intent", "ki"),
        group_id=group.group_id,
        question=question,
        similar=similar,
        answers=answers,
    )
    call.corp.kf_intents[intent.intent_id] = intent
    return {"intent_id": intent.intent_id}


def _intent(call: Call) -> KnowledgeIntent:
    intent = call.corp.kf_intents.get(call.text("intent_id", missing=40063))
    if intent is None:
        raise _refused("intent_id does not exist")
    return intent


@post("kf/knowledge/mod_intent", "kf")
def edit_intent(call: Call) -> Answer:
    """Answer kf/knowledge/mod_intent; each part that is given replaces the old one whole."""
    intent = _intent(call)
    question = _new_question(call, intent.intent_id) if call.has("question") else intent.question
    similar = _similar(call) if call.has("similar_questions") else intent.similar
    answers = _answers(call) if call.has("answers") else intent.answers
    intent.question, intent.similar, intent.answers = question, similar, answers
    return {}


@post("kf/knowledge/del_intent", "kf")
def delete_intent(call: Call) -> Answer:
    """Answer kf/knowledge/del_intent."""
    del call.corp.kf_intents[_intent(call).intent_id]
    return {}


def _shown_attachment(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    kind, content = item["msgtype"], item[item["msgtype"]]
    media_id = content.get("media_id") or content.get("thumb_media_id")
    if media_id is None:
        return item
    media = call.corp.media.get(media_id)
    name = media.filename if media is not None else ""
    kept = {key: value for key, value in content.items() if key not in ("media_id", "thumb_media_id")}
    return {"msgtype": kind, kind: {**kept, "name": name} if kind != "miniprogram" else kept}


def _shown(call: Call, item: KnowledgeIntent) -> dict[str, Any]:
    similar = {"items": [{"text": {"content": text}} for text in item.similar]}
    answers = [
        {**answer, "attachments": [_shown_attachment(call, entry) for entry in answer["attachments"]]}
        for answer in item.answers
    ]
    question: dict[str, Any] = {"text": {"content": item.question}}
    row: dict[str, Any] = {"group_id": item.group_id, "intent_id": item.intent_id, "question": question}
    inner = question if call.settings.kf_intents_nested else row
    inner.update(similar_questions=similar, answers=answers)
    return row


@post("kf/knowledge/list_intent", "kf")
def list_intents(call: Call) -> Answer:
    """Answer kf/knowledge/list_intent by cursor, of all groups, one group, or one question; media by file name only."""
    group_id, intent_id = call.text("group_id"), call.text("intent_id")
    items = [
        item
        for item in call.corp.kf_intents.values()
        if group_id in ("", item.group_id) and intent_id in ("", item.intent_id)
    ]
    page, cursor = call.page(items, limit=call.limit(default=500, most=1000))
    rows = [_shown(call, item) for item in page]
    return {"next_cursor": cursor, "has_more": int(bool(cursor)), "intent_list": rows}
