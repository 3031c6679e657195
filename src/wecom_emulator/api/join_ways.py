"""Join ways (group live codes): externalcontact/groupchat/{add,get,update,del}_join_way."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.groups import CHATS_PER_WAY
from wecom_emulator.state.ways import JoinWay


def _find(call: Call) -> JoinWay:
    way = call.corp.join_ways.get(call.text("config_id", missing=41043))
    if way is None:
        raise WeComError(41044)
    return way


def _filled(call: Call, config_id: str) -> JoinWay:
    """Return a way from the call's fields alone: what is not sent takes its default, also on update."""
    scene = call.integer("scene", 0)
    if not scene:
        raise WeComError(41038)
    if scene not in (1, 2):
        raise WeComError(41040)
    chats = call.texts("chat_id_list", most=CHATS_PER_WAY)
    if not chats:
        raise WeComError(40063)
    for chat_id in chats:
        chat = call.corp.chats.get(chat_id)
        if chat is None or chat.dismissed_at is not None:
            raise WeComError(call.settings.unknown_chat_errcode)
        if chat.internal:
            raise WeComError(90501)
    return JoinWay(
        config_id=config_id,
        scene=scene,
        remark=call.text("remark")[:30],
        auto_create_room=call.integer("auto_create_room", call.settings.auto_create_room_default),
        room_base_name=call.text("room_base_name", most=40),
        room_base_id=call.integer("room_base_id", 1),
        chat_id_list=list(dict.fromkeys(chats)),
        state=call.text("state", most=30),
        mark_source=call.flag("mark_source", default=False),
        created_at=call.world.clock.seconds(),
        created_by=call.app.agent_id,
    )


def _store(call: Call, way: JoinWay) -> None:
    if way.scene == 2:
        way.qr_code = f"{call.world.base_url}/wwpic/{way.config_id}"
    call.corp.join_ways[way.config_id] = way
    if way.state:
        call.corp.join_way_of_state[way.state] = way.config_id


def _forget_state(call: Call, way: JoinWay) -> None:
    if call.corp.join_way_of_state.get(way.state) == way.config_id:
        del call.corp.join_way_of_state[way.state]


@post("externalcontact/groupchat/add_join_way", "customer")
def add_join_way(call: Call) -> Answer:
    """Answer add_join_way: config_id (and qr_code if the setting says so)."""
    used = sum(not way.is_temp for way in call.corp.contact_ways.values()) + len(call.corp.join_ways)
    if used >= call.settings.contact_way_quota:
        raise WeComError(41045)
    way = _filled(call, "")
    way.config_id = call.corp.new_id("config", "")
    _store(call, way)
    answer: Answer = {"config_id": way.config_id}
    if call.settings.add_join_way_returns_qr_code and way.qr_code:
        answer["qr_code"] = way.qr_code
    return answer


@post("externalcontact/groupchat/get_join_way", "customer")
def get_join_way(call: Call) -> Answer:
    """Answer get_join_way."""
    way = _find(call)
    shown: dict[str, Any] = {
        "config_id": way.config_id,
        "scene": way.scene,
        "remark": way.remark,
        "auto_create_room": way.auto_create_room,
        "room_base_name": way.room_base_name,
        "room_base_id": way.room_base_id,
        "chat_id_list": way.chat_id_list,
        "state": way.state,
        "mark_source": way.mark_source,
    }
    if way.qr_code:
        shown["qr_code"] = way.qr_code
    return {"join_way": shown}


@post("externalcontact/groupchat/update_join_way", "customer")
def update_join_way(call: Call) -> Answer:
    """Answer update_join_way: the whole configuration is overwritten, only the code itself stays."""
    old = _find(call)
    way = _filled(call, old.config_id)
    way.created_at, way.created_by = old.created_at, old.created_by
    if (way.room_base_name, way.room_base_id) == (old.room_base_name, old.room_base_id):
        way.next_room = old.next_room
    _forget_state(call, old)
    _store(call, way)
    return {}


@post("externalcontact/groupchat/del_join_way", "customer")
def delete_join_way(call: Call) -> Answer:
    """Answer del_join_way; the code stops working at once."""
    way = _find(call)
    del call.corp.join_ways[way.config_id]
    _forget_state(call, way)
    return {}
