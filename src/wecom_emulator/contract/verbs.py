"""What every verb of the actors takes and gives, in the notation of `notation`, with a body to start from."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, frozen=True, kw_only=True)
class Told:
    """One verb: a sentence, the fields it takes and gives, an example body, and the refusals beside the common ones."""

    does: str
    takes: str = ""
    gives: str
    example: dict[str, Any] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()


KF = "wkEmulatorDefaultAccount00000001"
EXTERNAL = "wmExternalUserId0000000000000001"
CHAT = "wrChatId000000000000000000000001"
MSGID = "msg0000000000000000000000000000001"

MESSAGE = "text?: str, msgtype?: str, message?: obj"
REACHED = "userid: str, welcome_code_issued: bool, already_friend: bool, pending?: bool"
OPENED = "link_id: str, userid: str, state: str, already_friend: bool"
TO_CUSTOMER = "open_kfid: str, external_userid: str"
DESK = {"open_kfid": KF, "external_userid": EXTERNAL}
NOT_FRIENDS, NOT_MEMBER, NOT_OWNER = "not_friends", "not_member", "not_owner"
UNKNOWN_GROUP, UNKNOWN_KF = "unknown_group", "unknown_kf_account"

CUSTOMER: dict[str, Told] = {
    "scan": Told(
        does="Scan a code: become a staff member's friend, or enter a group.",
        takes="state?: str, config_id?: str, qr_code?: str, kind?: 'contact'|'join'",
        gives="userid?: str, welcome_code_issued?: bool, already_friend?: bool, pending?: bool, chat_id?: str, created?: bool",
        example={"state": "store-17"},
        refusals=("unknown_code", "no_staff_available", "group_full"),
    ),
    "add": Told(
        does="Add a staff member without a code.",
        takes="userid: str, add_way?: int",
        gives=REACHED,
        example={"userid": "LiDian", "add_way": 2},
        refusals=("already_friends", "no_staff_available"),
    ),
    "join": Told(
        does="Enter a group.",
        takes="chat_id: str, scene?: 'qr'|'link'|'invited'",
        gives="chat_id: str",
        example={"chat_id": CHAT, "scene": "qr"},
        refusals=(UNKNOWN_GROUP, "group_full", "already_member"),
    ),
    "leave": Told(
        does="Leave a group.",
        takes="chat_id: str",
        gives="chat_id: str",
        example={"chat_id": CHAT},
        refusals=(UNKNOWN_GROUP, NOT_MEMBER),
    ),
    "delete_staff": Told(
        does="Drop a staff member; calls back del_follow_user.",
        takes="userid: str",
        gives="userid: str",
        example={"userid": "LiDian"},
        refusals=(NOT_FRIENDS,),
    ),
    "write": Told(
        does="Write to a staff member (userid), a group (chat_id) or a kf account (open_kfid).",
        takes=f"to: 'staff'|'group'|'kf', userid?: str, chat_id?: str, open_kfid?: str, menu_id?: str, {MESSAGE}",
        gives="userid?: str, chat_id?: str, msgid?: str",
        example={"to": "staff", "userid": "LiDian", "text": "在吗"},
        refusals=(NOT_FRIENDS, NOT_MEMBER, UNKNOWN_GROUP, UNKNOWN_KF, "refused"),
    ),
    "open_in_group": Told(
        does="Open a mini-program inside a group; it learns the group's opengid.",
        takes="chat_id: str",
        gives="opengid: str",
        example={"chat_id": CHAT},
        refusals=(UNKNOWN_GROUP, NOT_MEMBER),
    ),
    "open_link": Told(
        does="Open an acquisition link, without adding anybody yet.",
        takes="url: str",
        gives=OPENED,
        example={"url": "https://work.weixin.qq.com/ca/cawcde0000000000"},
        refusals=("unknown_link",),
    ),
    "add_by_link": Told(
        does="Open an acquisition link and ask for the friendship.",
        takes="url: str",
        gives=f"{OPENED}, pending: bool, welcome_code_issued: bool",
        example={"url": "https://work.weixin.qq.com/ca/cawcde0000000000?customer_channel=poster"},
        refusals=("unknown_link",),
    ),
    "accept_transfer": Told(
        does="Take the new keeper of a hand-over at once.",
        takes="userid?: str",
        gives="userid: str, status: int",
        example={"userid": "ChenCheng"},
        refusals=("no_transfer",),
    ),
    "refuse_transfer": Told(
        does="Refuse a hand-over and stay with the keeper.",
        takes="userid?: str",
        gives="userid: str, status: int",
        example={"userid": "ChenCheng"},
        refusals=("no_transfer",),
    ),
    "enter_kf": Told(
        does="Open the chat of a kf account, by its link or its id.",
        takes="url?: str, open_kfid?: str, scene?: str, scene_param?: str, "
        "wechat_channels?: {scene?: int, nickname?: str, shop_nickname?: str}",
        gives="open_kfid: str, welcome_code_issued: bool, event: bool",
        example={"open_kfid": KF, "scene": "poster"},
        refusals=(UNKNOWN_KF, "unknown_kf_link"),
    ),
    "like": Told(
        does="Like a moment in a staff member's copy; `undo` takes it back.",
        takes="moment_id: str, userid: str, undo?: bool",
        gives="moment_id: str, likes: int",
        example={"moment_id": "mom01", "userid": "LiDian"},
        refusals=("unknown_moment", NOT_FRIENDS),
    ),
    "comment": Told(
        does="Comment on a moment.",
        takes="moment_id: str, userid: str, text: str",
        gives="moment_id: str, comments: int",
        example={"moment_id": "mom01", "userid": "LiDian", "text": "好看"},
        refusals=("unknown_moment", NOT_FRIENDS),
    ),
    "agree_archive": Told(
        does="Agree to being archived by a staff member or in a group.",
        takes="userid?: str, chat_id?: str",
        gives="status: str, welcome_code_issued: bool",
        example={"userid": "LiDian"},
        refusals=("no_archive", NOT_FRIENDS, NOT_MEMBER),
    ),
    "refuse_archive": Told(
        does="Refuse being archived by a staff member or in a group.",
        takes="userid?: str, chat_id?: str",
        gives="status: str",
        example={"userid": "LiDian"},
        refusals=("no_archive", NOT_FRIENDS, NOT_MEMBER),
    ),
    "recall": Told(
        does="Take an archived message back.",
        takes="msgid: str",
        gives="msgid: str",
        example={"msgid": MSGID},
        refusals=("unknown_message",),
    ),
    "kf_click": Told(
        does="Click an item of a menu in the chat with a kf account; arrives as a text with menu_id.",
        takes="open_kfid: str, menu_id: str",
        gives="msgid: str",
        example={"open_kfid": KF, "menu_id": "1"},
        refusals=("unknown_menu_item", "refused"),
    ),
    "kf_recall": Told(
        does="Take a message to a kf account back, within two minutes.",
        takes="open_kfid: str, msgid: str",
        gives="msgid: str",
        example={"open_kfid": KF, "msgid": MSGID},
        refusals=("unknown_message", "too_late"),
    ),
    "kf_refuse": Told(
        does="Take no more messages of a kf account, or take them again.",
        takes="open_kfid: str, refuses?: bool",
        gives="refuses: bool",
        example={"open_kfid": KF, "refuses": True},
    ),
    "kf_accept_upgrade": Told(
        does="Become the friend of the member, or enter the group, that a servicer offered.",
        takes="open_kfid: str",
        gives="type: int, target: str",
        example={"open_kfid": KF},
        refusals=("no_upgrade", "not_invited"),
    ),
}

STAFF: dict[str, Told] = {
    "confirm": Told(
        does="Send an open task, or all; `targets` chooses among the receivers of a message with allow_select.",
        takes="msgid?: str, targets?: [str]",
        gives="confirmed: [str]",
        example={"msgid": MSGID},
        refusals=("unknown_task", "no_choice"),
    ),
    "ignore": Told(
        does="Put an open task aside; it stays unsent.",
        takes="msgid: str",
        gives="ignored: [str]",
        example={"msgid": MSGID},
        refusals=("unknown_task",),
    ),
    "mass_send": Told(
        does="Send a personal mass message at once; it counts for the receivers' cap.",
        takes="text: str, chat_type?: 'single'|'group', targets?: [str]",
        gives="msgid: str",
        example={"text": "周末见", "chat_type": "single"},
        refusals=(NOT_FRIENDS,),
    ),
    "apply_friend": Told(
        does="Ask a person for the friendship.",
        takes="external_userid: str, accepted?: bool, add_way?: int",
        gives="external_userid: str, welcome_code_issued: bool",
        example={"external_userid": EXTERNAL},
        refusals=("already_friends",),
    ),
    "accept_friend": Told(
        does="Confirm a waiting request; calls back add_external_contact.",
        takes="external_userid: str",
        gives="external_userid: str, welcome_code_issued: bool",
        example={"external_userid": EXTERNAL},
        refusals=("no_request",),
    ),
    "delete_customer": Told(
        does="Drop a customer; calls back del_external_contact.",
        takes="external_userid: str",
        gives="external_userid: str",
        example={"external_userid": EXTERNAL},
        refusals=(NOT_FRIENDS,),
    ),
    "leave_company": Told(does="Leave; customers and groups stay without a keeper.", gives="userid: str"),
    "create_group": Told(
        does="Open a group; an internal one has staff only and is no customer group.",
        takes="name: str, members?: [str], internal?: bool",
        gives="chat_id: str",
        example={"name": "徐汇店福利群", "members": [EXTERNAL]},
        refusals=("unknown_customer", "internal_group"),
    ),
    "invite": Told(
        does="Bring a customer into a group.",
        takes="chat_id: str, external_userid: str",
        gives="chat_id: str",
        example={"chat_id": CHAT, "external_userid": EXTERNAL},
        refusals=(UNKNOWN_GROUP, "group_full", "already_member"),
    ),
    "remove_member": Told(
        does="Put a customer out of an own group.",
        takes="chat_id: str, external_userid: str",
        gives="chat_id: str",
        example={"chat_id": CHAT, "external_userid": EXTERNAL},
        refusals=(UNKNOWN_GROUP, NOT_OWNER, NOT_MEMBER),
    ),
    "change_group": Told(
        does="Rename an own group, change its notice or give it to another owner.",
        takes="chat_id: str, name?: str, notice?: str, owner?: str",
        gives="chat_id: str",
        example={"chat_id": CHAT, "name": "徐汇店福利群 2"},
        refusals=(UNKNOWN_GROUP, NOT_OWNER),
    ),
    "attach_welcome": Told(
        does="Greet new members of an own group with a template of the library; none takes it off.",
        takes="chat_id: str, template_id?: str",
        gives="chat_id: str, template_id: str",
        example={"chat_id": CHAT, "template_id": "msgXXXXXX"},
        refusals=(UNKNOWN_GROUP, NOT_OWNER, "unknown_template"),
    ),
    "dismiss_group": Told(
        does="Dismiss an own group.",
        takes="chat_id: str",
        gives="chat_id: str",
        example={"chat_id": CHAT},
        refusals=(UNKNOWN_GROUP, NOT_OWNER),
    ),
    "write": Told(
        does="Write to a customer or in a group; sensitive-word rules warn or block.",
        takes="to: 'customer'|'group', external_userid?: str, chat_id?: str, text?: str",
        gives="external_userid?: str, chat_id?: str, warned_by: [str], msgid?: str",
        example={"to": "customer", "external_userid": EXTERNAL, "text": "您好"},
        refusals=(NOT_FRIENDS, NOT_MEMBER, "intercepted"),
    ),
    "edit_customer": Told(
        does="Note something about a customer: remark, description, phones, tags.",
        takes="external_userid: str, remark?: str, description?: str, remark_corp_name?: str, remark_mobiles?: [str], "
        "add_tag?: [str], remove_tag?: [str]",
        gives="external_userid: str",
        example={"external_userid": EXTERNAL, "remark": "王女士"},
        refusals=(NOT_FRIENDS, "unknown_tag"),
    ),
    "publish_moment": Told(
        does="Publish a waiting moment, or all.",
        takes="moment_id?: str",
        gives="published: [str]",
        example={"moment_id": "mom01"},
        refusals=("unknown_moment",),
    ),
    "ignore_moment": Told(
        does="Put a waiting moment aside.",
        takes="moment_id: str",
        gives="ignored: [str]",
        example={"moment_id": "mom01"},
        refusals=("unknown_moment",),
    ),
    "post_moment": Told(
        does="Post a moment of one's own, out at once.",
        takes="text?: str, attachments?: [obj], tag_ids?: [str]",
        gives="moment_id: str",
        example={"text": "新品到店"},
        refusals=("errcode_*",),
    ),
    "comment_moment": Told(
        does="Comment under one's own copy of a moment.",
        takes="moment_id: str, text: str",
        gives="moment_id: str, comments: int",
        example={"moment_id": "mom01", "text": "谢谢"},
        refusals=("unknown_moment",),
    ),
    "press_card": Told(
        does="Press a button of a template card; calls back template_card_event.",
        takes="msgid: str, key: str",
        gives="msgid: str, key: str",
        example={"msgid": MSGID, "key": "yes"},
        refusals=("unknown_card", "not_interactive"),
    ),
    "recall": Told(
        does="Take an archived message back; it leaves the customer's inbox.",
        takes="msgid: str",
        gives="msgid: str",
        example={"msgid": MSGID},
        refusals=("unknown_message",),
    ),
    "switch_corp": Told(does="Look into another corp; an archive row of action switch.", gives="msgid: str"),
    "kf_take": Told(
        does="Take a customer from the pool.",
        takes=TO_CUSTOMER,
        gives="service_state: int",
        example=DESK,
        refusals=("not_in_pool", "not_serving", "not_servicer"),
    ),
    "kf_write": Told(
        does="Write to a customer at a kf account; who had the session before opens it again.",
        takes=f"{TO_CUSTOMER}, {MESSAGE}",
        gives="msgid: str, service_state: int",
        example={**DESK, "text": "您好"},
        refusals=("window_closed", "not_yours", "not_servicer"),
    ),
    "kf_transfer": Told(
        does="Give a session to another servicer.",
        takes=f"{TO_CUSTOMER}, to_userid: str",
        gives="servicer_userid: str",
        example={**DESK, "to_userid": "ChenCheng"},
        refusals=("not_yours", "not_serving", "not_servicer"),
    ),
    "kf_end": Told(
        does="End a session.",
        takes=TO_CUSTOMER,
        gives="service_state: int",
        example=DESK,
        refusals=("not_yours",),
    ),
    "kf_recall": Told(
        does="Take a message to a customer back, within two minutes.",
        takes="open_kfid: str, msgid: str",
        gives="msgid: str",
        example={"open_kfid": KF, "msgid": MSGID},
        refusals=("unknown_message", "too_late"),
    ),
    "kf_status": Told(
        does="Serve, stop, or be away for a while at a kf account.",
        takes="open_kfid: str, to: 'serving'|'stopped'|'away'",
        gives="changed: bool",
        example={"open_kfid": KF, "to": "away"},
        refusals=("not_servicer",),
    ),
    "kf_refuse": Told(
        does="Take no more messages of a customer, or take them again.",
        takes=f"{TO_CUSTOMER}, refuses?: bool",
        gives="changed: bool",
        example=DESK,
        refusals=("not_servicer",),
    ),
    "kf_upgrade": Told(
        does="Send the member's card or the group's address as the hint says.",
        takes=TO_CUSTOMER,
        gives="msgid: str",
        example=DESK,
        refusals=("not_yours", "no_upgrade"),
    ),
    "kf_sessions": Told(
        does="The sessions of a servicer and the pool.",
        takes="open_kfid: str",
        gives="sessions: [{external_userid: str, service_state: int, "
        "upgrade: {type: int, target: str, wording: str}|null}]",
        example={"open_kfid": KF},
        refusals=("not_servicer",),
    ),
}

ADMIN: dict[str, Told] = {
    "buy_quota": Told(
        does="Buy new customers that acquisition links may still win.",
        takes="amount: int, expire_date?: int",
        gives="balance: int, expire_date: int",
        example={"amount": 1000},
    ),
    "delete_link": Told(
        does="Delete an acquisition link in the console; calls back delete_link.",
        takes="link_id: str",
        gives="link_id: str",
        example={"link_id": "cawcde0000000000"},
        refusals=("unknown_link",),
    ),
    "create_tags": Told(
        does="Make a group of customer tags in the console, with its events.",
        takes="group_name: str, names?: [str]",
        gives="group_id: str, tags: {*: str}",
        example={"group_name": "会员等级", "names": ["银卡", "金卡"]},
        refusals=("errcode_*",),
    ),
    "rename_tag": Told(
        does="Rename a tag or a group of tags.",
        takes="id: str, name: str",
        gives="id: str",
        example={"id": "etTag01", "name": "黑金"},
        refusals=("unknown_tag",),
    ),
    "delete_tag": Told(
        does="Delete a tag or a group of tags.",
        takes="id: str",
        gives="id: str",
        example={"id": "etTag01"},
        refusals=("unknown_tag",),
    ),
    "shuffle_tags": Told(
        does="Sort the tags of a group, or the groups.",
        takes="group_id?: str, ids?: [str]",
        gives="group_id: str",
        example={"group_id": "etGroup01", "ids": ["etTag02", "etTag01"]},
        refusals=("unknown_tag",),
    ),
    "create_department": Told(
        does="Make a department; calls back create_party.",
        takes="name: str, parentid: int, department_id?: int, order?: int, name_en?: str",
        gives="id: int",
        example={"name": "静安店", "parentid": 1},
        refusals=("errcode_*",),
    ),
    "update_department": Told(
        does="Change a department; calls back update_party.",
        takes="department_id: int, name?: str, parentid?: int, order?: int, name_en?: str",
        gives="id: int",
        example={"department_id": 2, "name": "华东"},
        refusals=("errcode_*",),
    ),
    "delete_department": Told(
        does="Delete a department; calls back delete_party.",
        takes="department_id: int",
        gives="id: int",
        example={"department_id": 2},
        refusals=("errcode_*",),
    ),
    "create_user": Told(
        does="Add a member with the fields of user/create; calls back create_user.",
        takes="userid: str, name: str, department: [int], mobile?: str, feature_on?: bool",
        gives="userid: str",
        example={"userid": "WangWu", "name": "王五", "department": [1], "mobile": "13800000001"},
        refusals=("errcode_*",),
    ),
    "update_user": Told(
        does="Change a member with the fields of user/update; calls back update_user.",
        takes="userid: str, name?: str, department?: [int]",
        gives="userid: str",
        example={"userid": "WangWu", "name": "王武"},
        refusals=("errcode_*",),
    ),
    "tag_members": Told(
        does="Put members and departments under a tag of the address book, or take them off.",
        takes="tagid: int, userlist?: [str], partylist?: [int], remove?: bool",
        gives="tagid: int, invalidlist: [str], invalidparty: [int]",
        example={"tagid": 1, "userlist": ["LiDian"]},
        refusals=("errcode_*",),
    ),
    "kf_account": Told(
        does="The console's settings of a kf account; managers null means every app.",
        takes="open_kfid: str, api_managed?: bool, managers?: [int]|null, native_welcome?: str, smart_reply?: bool",
        gives="open_kfid: str, api_managed: bool, managers: [int]|null, native_welcome: str, smart_reply: bool",
        example={"open_kfid": KF, "native_welcome": "欢迎光临"},
    ),
    "kf_upgrade_ranges": Told(
        does="Whom the console lets servicers offer: members, departments, groups.",
        takes="userids?: [str], departments?: [int], chat_ids?: [str]",
        gives="userids: [str], departments: [int], chat_ids: [str]",
        example={"userids": ["LiDian"], "departments": [], "chat_ids": []},
    ),
    "kf_empty_pages": Told(
        does="Let the next pulls that would have rows answer an empty page with has_more 1.",
        takes="open_kfid: str, times?: int",
        gives="times: int",
        example={"open_kfid": KF, "times": 1},
    ),
    "kf_fail_next": Told(
        does="Let the next sends be accepted and then fail.",
        takes="open_kfid: str, fail_type?: int, times?: int",
        gives="fail_type: int, times: int",
        example={"open_kfid": KF, "fail_type": 10},
    ),
    "add_webhook": Told(
        does="Give an internal group a webhook.",
        takes="name: str, chat_id?: str",
        gives="key: str, url: str",
        example={"name": "店长日报"},
        refusals=(UNKNOWN_GROUP, "external_group"),
    ),
    "remove_webhook": Told(
        does="Take a webhook off.",
        takes="key: str",
        gives="key: str",
        example={"key": "wh-key"},
        refusals=("unknown_webhook",),
    ),
    "webhook_posts": Told(
        does="What came through a webhook.",
        takes="key: str",
        gives="posts: [obj]",
        example={"key": "wh-key"},
        refusals=("unknown_webhook",),
    ),
}

TOLD: dict[tuple[str, str], Told] = {
    **{("customer", name): told for name, told in CUSTOMER.items()},
    **{("staff", name): told for name, told in STAFF.items()},
    **{("admin", name): told for name, told in ADMIN.items()},
}
"""Every verb by (actor, verb), as in `actors.verbs.VERBS`."""
