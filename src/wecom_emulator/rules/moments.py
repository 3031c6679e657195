"""Moments: who is asked, what publishing does, who sees it, and the reactions to it."""

from collections.abc import Iterable
from typing import Any

from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules.files import video_seconds
from wecom_emulator.rules.friendships import can_serve
from wecom_emulator.rules.payload import living_media, object_of, objects, string, web_address
from wecom_emulator.state.messages import PURPOSE_MOMENTS
from wecom_emulator.state.moments import MOMENT_PUBLISHED, Moment, MomentTask, MomentWall, Reaction
from wecom_emulator.state.settings import App
from wecom_emulator.world import World

TEXT_CHARACTERS = 2000
IMAGES = 9
VIDEO_SECONDS = 30
LINK_TITLE_BYTES = 64


def checked_content(world: World, body: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Return text and attachments of a moment.

    Raises WeComError 41089 (both empty), 41066 (text over 2,000 characters), 41065 (kind), 41064 (more than nine images,
    one video or one link, or kinds mixed), 40007 (media not from upload_attachment for moments), 40058 (long video).
    """
    text = object_of(body.get("text"), "text").get("content") or ""
    if not isinstance(text, str):
        raise WeComError(40058, "invalid Request Parameter: content should be a string")
    if len(text) > TEXT_CHARACTERS:
        raise WeComError(41066)
    attachments = objects(body, "attachments")
    if not text and not attachments:
        raise WeComError(41089)
    kinds = [item.get("msgtype") for item in attachments]
    for item, kind in zip(attachments, kinds, strict=True):
        if kind not in ("image", "video", "link"):
            raise WeComError(41065)
        _check_attachment(world, str(kind), object_of(item.get(str(kind)), str(kind)))
    if attachments and (len(set(kinds)) > 1 or len(kinds) > (IMAGES if kinds[0] == "image" else 1)):
        raise WeComError(41064)
    return text, attachments


def _check_attachment(world: World, kind: str, data: dict[str, Any]) -> None:
    if kind == "link":
        string(data, "title", most=LINK_TITLE_BYTES)
        web_address(data, "url", required=True)
    media_id = string(data, "media_id", most=512)
    media = living_media(world, media_id, "image" if kind == "link" else kind, purpose=PURPOSE_MOMENTS)
    if kind == "video" and (video_seconds(media.content) or 0) > VIDEO_SECONDS:
        raise WeComError(40058, "invalid Request Parameter: video is longer than 30 seconds")


def task_key(moment_id: str, userid: str) -> str:
    """Return the key of a staff member's copy of a moment."""
    return f"{moment_id}|{userid}"


def choose_senders(
    world: World, app: App, *, userids: list[str], departments: list[int]
) -> tuple[list[str], list[str], list[int]]:
    """Return the staff to ask (all that serve when none are named), and the users and departments that are no good."""
    corp = world.corp

    def serves(userid: str) -> bool:
        staff = corp.employed(userid)
        return can_serve(staff) and staff is not None and corp.sees(app, staff)

    if not userids and not departments:
        return [userid for userid in corp.staff if serves(userid)], [], []
    chosen = {userid: None for userid in userids if serves(userid)}
    bad_users = [userid for userid in dict.fromkeys(userids) if userid not in chosen]
    known = {number for number in departments if number in corp.departments}
    if known:
        members = (item for item in corp.staff.values() if corp.under(item, known))
        chosen.update({item.userid: None for item in members if serves(item.userid)})
    return list(chosen), bad_users, [number for number in departments if number not in known]


def check_month(world: World) -> None:
    """Count a corp moment against the month; raises WeComError 41078 over the setting's number."""
    month = china_date(world.clock.now()).strftime("%Y-%m")
    key, allowed = f"moments:{month}", world.corp.settings.moment_tasks_per_month
    used = world.corp.counters.get(key, 0)
    if allowed and used >= allowed:
        raise WeComError(41078)
    world.corp.counters[key] = used + 1


def store(world: World, moment: Moment) -> None:
    """Keep a moment and put it before the staff who are to publish it."""
    corp = world.corp
    corp.moments[moment.moment_id] = moment
    for userid in moment.userids:
        corp.moment_tasks[task_key(moment.moment_id, userid)] = MomentTask(moment_id=moment.moment_id, userid=userid)
        wall_of(world, userid).waiting.append(moment.moment_id)


def wall_of(world: World, userid: str) -> MomentWall:
    """Return a staff member's wall, an empty one at first."""
    return world.corp.moment_walls.setdefault(userid, MomentWall(userid=userid))


def visible_customers(world: World, moment: Moment, userid: str) -> list[str]:
    """Return the customers of a staff member that a moment is meant for now."""
    wanted = set(moment.tag_ids)
    friends = world.corp.friendships.get(userid, {})
    if not wanted:
        return list(friends)
    return [key for key, friend in friends.items() if not wanted.isdisjoint(friend.tag_ids)]


def task_of(world: World, moment_id: str, userid: str) -> MomentTask | None:
    """Return a staff member's copy of a moment, or None."""
    return world.corp.moment_tasks.get(task_key(moment_id, userid))


def publish(world: World, userid: str, moment_id: str | None) -> list[str]:
    """Publish one waiting moment of a staff member, or all; raises ActorError unknown_moment."""
    wall = wall_of(world, userid)
    if moment_id is not None and moment_id not in wall.waiting:
        raise ActorError("unknown_moment", "no waiting moment of this staff member has that moment_id", status=404)
    chosen = [moment_id] if moment_id is not None else list(wall.waiting)
    for item in chosen:
        task = world.corp.moment_tasks[task_key(item, userid)]
        task.status, task.published_at = MOMENT_PUBLISHED, world.clock.seconds()
        task.customers = visible_customers(world, world.corp.moments[item], userid)
        wall.waiting.remove(item)
        wall.published.append(item)
    return chosen


def ignore(world: World, userid: str, moment_id: str) -> None:
    """Put a moment aside without publishing it; raises ActorError unknown_moment."""
    wall = wall_of(world, userid)
    if moment_id not in wall.waiting:
        raise ActorError("unknown_moment", "no waiting moment of this staff member has that moment_id", status=404)
    wall.waiting.remove(moment_id)
    world.corp.moment_tasks[task_key(moment_id, userid)].ignored = True


def cancel(world: World, moment: Moment) -> None:
    """Stop the copies that are not published yet; what is out stays out."""
    if moment.cancelled_at is not None:
        return
    moment.cancelled_at = world.clock.seconds()
    for userid in moment.userids:
        wall = wall_of(world, userid)
        if moment.moment_id in wall.waiting:
            wall.waiting.remove(moment.moment_id)


def published_copy(world: World, moment_id: str, userid: str, external_userid: str) -> MomentTask:
    """Return the copy that a customer sees; raises ActorError unknown_moment when it is not shown to that customer."""
    task = task_of(world, moment_id, userid)
    if task is None or task.status != MOMENT_PUBLISHED or external_userid not in task.customers:
        raise ActorError("unknown_moment", "this customer does not see such a moment of that staff member", status=404)
    if world.corp.friendship(userid, external_userid) is None:
        raise ActorError("not_friends", "these two are not friends any more: the moment is not shown")
    return task


def feed(world: World, external_userid: str) -> list[dict[str, Any]]:
    """Return what a customer sees of the moments of all staff it is a friend of, newest first."""
    rows = []
    for userid in world.corp.followers.get(external_userid, {}):
        wall = world.corp.moment_walls.get(userid)
        for moment_id in wall.published if wall is not None else ():
            task = world.corp.moment_tasks[task_key(moment_id, userid)]
            if external_userid in task.customers:
                rows.append(shown(world, task))
    return sorted(rows, key=lambda row: (row["published_at"], row["moment_id"]), reverse=True)


def shown(world: World, task: MomentTask) -> dict[str, Any]:
    """Return a copy of a moment as a phone shows it."""
    moment = world.corp.moments[task.moment_id]
    return {
        "moment_id": task.moment_id,
        "userid": task.userid,
        "published_at": task.published_at,
        "text": moment.text,
        "attachments": moment.attachments,
        "likes": [who(item) for item in task.likes],
        "comments": [{**who(item), "text": item.text, "create_time": item.create_time} for item in task.comments],
    }


def who(reaction: Reaction) -> dict[str, str]:
    """Return who reacted, under the name that the API uses for that kind of person."""
    if reaction.external_userid:
        return {"external_userid": reaction.external_userid}
    return {"userid": reaction.userid}


def waiting_rows(world: World, userid: str) -> dict[str, Any]:
    """Return what a staff member's phone shows: moments to publish, and those that are out."""
    wall = world.corp.moment_walls.get(userid) or MomentWall(userid=userid)

    def rows(moment_ids: Iterable[str]) -> list[dict[str, Any]]:
        return [shown(world, world.corp.moment_tasks[task_key(item, userid)]) for item in moment_ids]

    return {"waiting": rows(wall.waiting), "published": rows(wall.published)}
