"""What staff and customers do with moments: publish, put aside, post one's own, like, comment."""

from wecom_emulator.actors.address_book import refused
from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules import moments
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.state.moments import CREATED_BY_STAFF, MOMENT_PUBLISHED, Moment, Reaction
from wecom_emulator.world import World


@verb("staff", "publish_moment")
def _publish(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    return {"published": moments.publish(world, userid, text(action, "moment_id", required=False) or None)}


@verb("staff", "ignore_moment")
def _ignore(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    moment_id = text(action, "moment_id")
    moments.ignore(world, userid, moment_id)
    return {"ignored": [moment_id]}


@verb("staff", "post_moment")
def _post(world: World, userid: str, action: Action) -> Result:
    """A member's own moment; seen at once by all customers, or by those with one of `tag_ids`."""
    staff_of(world, userid)
    tag_ids = action.get("tag_ids") or []
    if not isinstance(tag_ids, list) or not all(isinstance(item, str) for item in tag_ids):
        raise ActorError("bad_field", "'tag_ids' must be a list of texts", status=400)
    body = {"text": {"content": text(action, "text", required=False)}, "attachments": action.get("attachments")}
    try:
        content, attachments = moments.checked_content(world, body)
    except WeComError as error:
        raise refused(error) from error
    moment = Moment(
        moment_id=world.corp.new_id("moment", "mom", length=32),
        create_time=world.clock.seconds(),
        create_type=CREATED_BY_STAFF,
        creator=userid,
        text=content,
        attachments=attachments,
        visible_type=0 if tag_ids else 1,
        tag_ids=tag_ids,
        userids=[userid],
    )
    moments.store(world, moment)
    moments.publish(world, userid, moment.moment_id)
    return {"moment_id": moment.moment_id}


@verb("customer", "like")
def _like(world: World, customer: str, action: Action) -> Result:
    """Like a moment; with `undo` the like is taken back."""
    person_of(world, customer)
    task = moments.published_copy(world, text(action, "moment_id"), text(action, "userid"), customer)
    others = [item for item in task.likes if item.external_userid != customer]
    mine = Reaction(create_time=world.clock.seconds(), external_userid=customer)
    task.likes = others if action.get("undo") else [*others, mine]
    return {"moment_id": task.moment_id, "likes": len(task.likes)}


@verb("customer", "comment")
def _comment(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    task = moments.published_copy(world, text(action, "moment_id"), text(action, "userid"), customer)
    said = text(action, "text")
    task.comments.append(Reaction(create_time=world.clock.seconds(), external_userid=customer, text=said))
    return {"moment_id": task.moment_id, "comments": len(task.comments)}


@verb("staff", "comment_moment")
def _comment_as_staff(world: World, userid: str, action: Action) -> Result:
    """A member's own comment, under one's own copy."""
    staff_of(world, userid)
    task = moments.task_of(world, text(action, "moment_id"), userid)
    if task is None or task.status != MOMENT_PUBLISHED:
        raise ActorError("unknown_moment", "this member has not published such a moment", status=404)
    task.comments.append(Reaction(create_time=world.clock.seconds(), userid=userid, text=text(action, "text")))
    return {"moment_id": task.moment_id, "comments": len(task.comments)}
