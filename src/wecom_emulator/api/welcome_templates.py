"""The group welcome library: externalcontact/group_welcome_template/{add,edit,get,del}."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, either, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import check_attachment, living_media, object_of, string
from wecom_emulator.rules.pictures import keep_picture
from wecom_emulator.state.welcome_templates import WelcomeTemplate

TEXT_BYTES = 3000
KINDS = ("image", "link", "miniprogram", "file", "video")
"""Kinds in their priority: of several only the first counts."""


def _find(call: Call) -> WelcomeTemplate:
    template = call.corp.welcome_templates.get(call.text("template_id", missing=40063))
    if template is None:
        raise WeComError(40058, "invalid Request Parameter: template_id")
    return template


def _own(call: Call) -> WelcomeTemplate:
    template = _find(call)
    if template.created_by != call.app.agent_id:
        raise WeComError(301002)
    return template


def _picture_url(call: Call, content: dict[str, Any]) -> str:
    """Return the lasting url of an image; a media_id wins over pic_url."""
    media_id = content.get("media_id")
    if not media_id:
        return str(content["pic_url"])
    media = living_media(call.world, media_id, "image")
    return keep_picture(call.world, media.content, filename=media.filename)


def _checked(call: Call) -> tuple[str, str, dict[str, Any]]:
    """Return text, kind and content of the call; raises WeComError when the welcome is empty or not sendable."""
    text = string(object_of(call.body.get("text"), "text"), "content", most=TEXT_BYTES)
    kind = next((name for name in KINDS if call.body.get(name)), "")
    if not text and not kind:
        raise WeComError(40063)
    if not kind:
        return text, "", {}
    content = object_of(call.body.get(kind), kind)
    check_attachment(call.world, kind, content)
    return text, kind, {"pic_url": _picture_url(call, content)} if kind == "image" else content


def _checked_agent(call: Call) -> None:
    if call.has("agentid") and call.integer("agentid", 0) != call.app.agent_id:
        raise WeComError(40056)


def _tell_staff(call: Call, template: WelcomeTemplate) -> None:
    """Put a note about a new welcome into the inbox of everybody who can keep groups."""
    for staff in call.servants():
        staff.inbox.append(
            {
                "at": template.created_at,
                "from": call.app.agent_id,
                "msgid": template.template_id,
                "msgtype": "group_welcome_template",
                "group_welcome_template": {"template_id": template.template_id, "text": template.text},
            }
        )


@post("externalcontact/group_welcome_template/add", "customer")
def add_template(call: Call) -> Answer:
    """Answer group_welcome_template/add: template_id; 41055 when the library is full, staff are told unless notify 0."""
    _checked_agent(call)
    text, kind, content = _checked(call)
    if len(call.corp.welcome_templates) >= call.settings.welcome_template_limit:
        raise WeComError(41055)
    template = WelcomeTemplate(
        template_id=call.corp.new_id("welcome_template", "msg", length=34),
        text=text,
        kind=kind,
        content=content,
        created_at=call.world.clock.seconds(),
        created_by=call.app.agent_id,
    )
    call.corp.welcome_templates[template.template_id] = template
    if call.integer("notify", 1):
        _tell_staff(call, template)
    return {"template_id": template.template_id}


@post("externalcontact/group_welcome_template/edit", "customer")
def edit_template(call: Call) -> Answer:
    """Answer group_welcome_template/edit: text and attachment are overwritten as a whole; 301002 for other apps'."""
    template = _own(call)
    _checked_agent(call)
    template.text, template.kind, template.content = _checked(call)
    return {}


@either("externalcontact/group_welcome_template/get", "customer")
def get_template(call: Call) -> Answer:
    """Answer group_welcome_template/get by POST, and by GET because sources disagree."""
    template = _find(call)
    answer: Answer = {"text": {"content": template.text}} if template.text else {}
    return {**answer, template.kind: template.content} if template.kind else answer


@post("externalcontact/group_welcome_template/del", "customer")
def delete_template(call: Call) -> Answer:
    """Answer group_welcome_template/del; groups that used it stop greeting."""
    template = _own(call)
    _checked_agent(call)
    del call.corp.welcome_templates[template.template_id]
    return {}
