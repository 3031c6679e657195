"""From WeCom's JSON to our types. Unknown fields are ignored; a missing promised field raises WecomAnswerError."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.errors import WecomAnswerError
from juqun.channels.wecom.types import (
    Attachment,
    Contact,
    ContactWay,
    CorpTag,
    Follow,
    GroupChat,
    GroupChatMember,
    ImageAttachment,
    JoinWay,
    KfCustomer,
    KfMenu,
    KfMenuChoice,
    KfMenuItem,
    KfMenuLink,
    KfMessage,
    KfOrigin,
    KfServicer,
    KfServicerResult,
    LinkAttachment,
    MassMessageSummary,
    OtherAttachment,
    SendableAttachment,
    SendResult,
    SendStatus,
    TaskState,
    WelcomeTemplate,
)

Json = Mapping[str, Any]

_STAFF_MEMBER = 1
_TASK_SENT = 2
_SEND_STATUS = {0: SendStatus.UNSENT, 1: SendStatus.SENT, 2: SendStatus.NOT_FRIEND, 3: SendStatus.CAPPED}
_KF_ORIGIN = {3: KfOrigin.CUSTOMER, 4: KfOrigin.SYSTEM, 5: KfOrigin.SERVICER}


@contextmanager
def reading(endpoint: Endpoint) -> Iterator[None]:
    """Turn a shape that WeCom does not document into WecomAnswerError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise WecomAnswerError(endpoint=endpoint.path, detail=f"{type(error).__name__}: {error}"[:200]) from error


def instant(seconds: Any) -> datetime:
    """Seconds since 1970 as an aware time."""
    return datetime.fromtimestamp(int(seconds), UTC)


def _instant_or_none(seconds: Any) -> datetime | None:
    return instant(seconds) if seconds else None


def follow(row: Json) -> Follow:
    """One entry of follow_user (single get: `tags`) or follow_info (batch: `tag_id`)."""
    tag_ids = row["tag_id"] if "tag_id" in row else [tag["tag_id"] for tag in row.get("tags", ()) if tag.get("tag_id")]
    return Follow(
        userid=row["userid"],
        remark=row.get("remark") or "",
        tag_ids=tuple(tag_ids),
        state=row.get("state") or None,
        add_way=int(row.get("add_way", 0)),
        created_at=instant(row["createtime"]),
        remark_mobiles=tuple(row.get("remark_mobiles") or ()),
    )


def contact(external: Json, follows: Sequence[Json]) -> Contact:
    """external_contact with its followers."""
    return Contact(
        external_userid=external["external_userid"],
        name=external.get("name") or "",
        unionid=external.get("unionid") or None,
        gender=int(external.get("gender", 0)),
        follow=tuple(follow(row) for row in follows),
    )


def contact_way(row: Json) -> ContactWay:
    """contact_way of get_contact_way."""
    return ContactWay(
        config_id=row["config_id"],
        qr_code=row.get("qr_code") or "",
        state=row.get("state") or "",
        userids=tuple(row.get("user") or ()),
        parties=tuple(int(one) for one in row.get("party") or ()),
        remark=row.get("remark") or "",
        skip_verify=bool(row.get("skip_verify", True)),
    )


def join_way(row: Json) -> JoinWay:
    """join_way of get_join_way."""
    return JoinWay(
        config_id=row["config_id"],
        qr_code=row.get("qr_code") or "",
        chat_ids=tuple(row.get("chat_id_list") or ()),
        state=row.get("state") or "",
        room_base_name=row.get("room_base_name") or "",
        room_base_id=int(row.get("room_base_id") or 0),
        auto_create_room=bool(row.get("auto_create_room", True)),
        remark=row.get("remark") or "",
    )


def group_chat(row: Json) -> GroupChat:
    """group_chat of groupchat/get."""
    return GroupChat(
        chat_id=row["chat_id"],
        name=row.get("name") or "",
        owner=row["owner"],
        created_at=instant(row["create_time"]),
        member_version=str(row.get("member_version") or ""),
        members=tuple(_group_member(member) for member in row.get("member_list", ())),
    )


def _group_member(row: Json) -> GroupChatMember:
    return GroupChatMember(
        userid=row["userid"],
        is_staff=int(row["type"]) == _STAFF_MEMBER,
        unionid=row.get("unionid") or None,
        joined_at=instant(row["join_time"]),
        join_scene=int(row.get("join_scene", 0)),
        state=row.get("state") or None,
        name=row.get("name") or row.get("group_nickname") or "",
    )


def corp_tags(groups: Sequence[Json]) -> list[CorpTag]:
    """tag_group[] as flat tags, deleted ones left out."""
    return [
        CorpTag(
            id=tag["id"],
            name=tag["name"],
            group_name=group["group_name"],
            group_id=group.get("group_id") or "",
            order=int(tag.get("order") or 0),
            group_order=int(group.get("order") or 0),
        )
        for group in groups
        if not group.get("deleted")
        for tag in group.get("tag", ())
        if not tag.get("deleted")
    ]


def attachment_body(attachment: SendableAttachment) -> dict[str, Any]:
    """An attachment as WeCom wants it; empty fields are left out."""
    if isinstance(attachment, LinkAttachment):
        link = {"title": attachment.title, "url": attachment.url, "desc": attachment.desc, "picurl": attachment.picurl}
        return {"msgtype": "link", "link": {name: value for name, value in link.items() if value}}
    image = {"media_id": attachment.media_id, "pic_url": attachment.pic_url}
    return {"msgtype": "image", "image": {name: value for name, value in image.items() if value}}


def attachment(row: Json) -> Attachment:
    """An attachment as WeCom gives it back."""
    kind = row["msgtype"]
    body = row.get(kind) or {}
    if kind == "link":
        return LinkAttachment(
            title=body.get("title") or "",
            url=body.get("url") or "",
            desc=body.get("desc") or "",
            picurl=body.get("picurl") or "",
        )
    if kind == "image":
        return ImageAttachment(media_id=body.get("media_id") or "", pic_url=body.get("pic_url") or "")
    return OtherAttachment(msgtype=kind)


def welcome_template(row: Json) -> WelcomeTemplate:
    """The answer of group_welcome_template/get: text, and the attachment as a field named for its kind."""
    kind = next((one for one in ("image", "link", "miniprogram", "file", "video") if row.get(one)), "")
    return WelcomeTemplate(
        text=(row.get("text") or {}).get("content") or "",
        attachment=attachment({"msgtype": kind, kind: row[kind]}) if kind else None,
    )


def mass_message(row: Json) -> MassMessageSummary:
    """One row of group_msg_list."""
    return MassMessageSummary(
        msgid=row["msgid"],
        created_at=instant(row["create_time"]),
        text=(row.get("text") or {}).get("content") or "",
        attachments=tuple(attachment(one) for one in row.get("attachments") or ()),
    )


def task_state(row: Json) -> TaskState:
    """One row of task_list."""
    return TaskState(
        userid=row["userid"], is_sent=int(row["status"]) == _TASK_SENT, sent_at=_instant_or_none(row.get("send_time"))
    )


def send_result(row: Json) -> SendResult:
    """One row of send_list."""
    return SendResult(
        userid=row["userid"],
        target=row.get("external_userid") or row["chat_id"],
        status=_SEND_STATUS[int(row["status"])],
        sent_at=_instant_or_none(row.get("send_time")),
    )


def kf_message(row: Json) -> KfMessage:
    """One row of msg_list; events carry account and customer inside their own body, and kinds unknown to us are kept."""
    kind = row["msgtype"]
    found = row.get(kind)
    body: dict[str, Any] = found if isinstance(found, dict) else {}
    event: dict[str, Any] = body if kind == "event" else {}

    def named(name: str) -> str:
        return str(row.get(name) or event.get(name) or "")

    return KfMessage(
        msgid=row["msgid"],
        open_kfid=named("open_kfid"),
        external_userid=named("external_userid"),
        at=instant(row["send_time"]),
        origin=_KF_ORIGIN.get(int(row.get("origin", 0)), KfOrigin.OTHER),
        text=str(body.get("content") or "") if kind == "text" else "",
        msgtype=kind,
        menu_id=str(body.get("menu_id") or "") if kind == "text" else "",
        event_type=event.get("event_type") or "",
        welcome_code=event.get("welcome_code") or "",
        scene=event.get("scene") or "",
        scene_param=event.get("scene_param") or "",
        fail_msgid=event.get("fail_msgid") or "",
        fail_type=int(event.get("fail_type") or 0),
        servicer_userid=named("servicer_userid") or str(event.get("new_servicer_userid") or ""),
        old_servicer_userid=str(event.get("old_servicer_userid") or ""),
        change_type=int(event.get("change_type") or 0),
        msg_code=str(event.get("msg_code") or ""),
        status=int(event.get("status") or 0),
        stop_type=int(event.get("stop_type") or 0),
        recall_msgid=str(event.get("recall_msgid") or ""),
        is_rejecting=bool(event.get("reject_switch")),
        body=body,
    )


def kf_servicer(row: Json) -> KfServicer:
    """One row of servicer_list: status 0 serving, 1 stopped; a department has none, nor has a member we may not manage."""
    if "userid" not in row:
        return KfServicer(department_id=int(row["department_id"]))
    status = row.get("status")
    return KfServicer(
        userid=row["userid"],
        is_serving=None if status is None else int(status) == 0,
        is_paused=bool(status) and int(row.get("stop_type") or 0) == 1,
    )


def kf_servicer_result(row: Json) -> KfServicerResult:
    """One row of result_list; errmsg `ignored` with errcode 0 means that nothing had to be done."""
    return KfServicerResult(
        userid=row.get("userid") or "",
        department_id=int(row.get("department_id") or 0),
        errcode=int(row["errcode"]),
        was_so=row.get("errmsg") == "ignored",
    )


def kf_customer(row: Json) -> KfCustomer:
    """One row of customer_list."""
    entered = row.get("enter_session_context") or {}
    return KfCustomer(
        external_userid=row["external_userid"],
        name=row.get("nickname") or "",
        avatar=row.get("avatar") or "",
        unionid=row.get("unionid") or "",
        gender=int(row.get("gender") or 0),
        scene=entered.get("scene") or "",
        scene_param=entered.get("scene_param") or "",
    )


def kf_menu(menu: KfMenu) -> Json:
    """A menu as WeCom takes it."""
    return {
        "head_content": menu.head,
        "list": [_kf_menu_item(item) for item in menu.items],
        "tail_content": menu.tail,
    }


def _kf_menu_item(item: KfMenuItem) -> Json:
    if isinstance(item, KfMenuChoice):
        return {"type": "click", "click": {"id": item.menu_id, "content": item.text}}
    if isinstance(item, KfMenuLink):
        return {"type": "view", "view": {"url": item.url, "content": item.text}}
    return {"type": "text", "text": {"content": item.text}}
