"""Moments: externalcontact/{add,cancel}_moment_task and externalcontact/get_moment_*."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.errors import TEXTS, WeComError
from wecom_emulator.rules import moments
from wecom_emulator.rules.payload import integers, object_of, texts
from wecom_emulator.state.moments import CREATED_BY_CORP, CREATED_BY_STAFF, MOMENT_PUBLISHED, Moment, MomentJob

SENDERS = 100_000
JOB_SECONDS = 86_400
MONTH = 30 * 86_400
JOB_RUNNING, JOB_DONE = 2, 3
ALL_TYPES = 2


@post("externalcontact/add_moment_task", "customer")
def add_moment_task(call: Call) -> Answer:
    """Answer add_moment_task: a job; staff still have to publish. Errors of rules.moments.checked_content, 41078."""
    text, attachments = moments.checked_content(call.world, call.body)
    visible = object_of(call.body.get("visible_range"), "visible_range")
    senders = object_of(visible.get("sender_list"), "sender_list")
    customers = object_of(visible.get("external_contact_list"), "external_contact_list")
    chosen, bad_users, bad_departments = moments.choose_senders(
        call.world,
        call.app,
        userids=texts(senders, "user_list", most=SENDERS),
        departments=integers(senders, "department_list"),
    )
    tag_ids = texts(customers, "tag_list")
    known = [item for item in tag_ids if item in call.corp.tag_index]
    moments.check_month(call.world)
    job = MomentJob(
        jobid=call.corp.new_id("moment_job", "mj", length=40),
        created_at=call.world.clock.seconds(),
        bad_users=bad_users,
        bad_departments=bad_departments,
        bad_tags=[item for item in tag_ids if item not in call.corp.tag_index],
    )
    call.corp.moment_jobs[job.jobid] = job
    if not chosen:
        job.errcode = 41061
    elif tag_ids and not known:
        job.errcode = 41067
    else:
        moment = Moment(
            moment_id=call.corp.new_id("moment", "mom", length=32),
            create_time=call.world.clock.seconds(),
            agent_id=call.app.agent_id,
            text=text,
            attachments=attachments,
            visible_type=0 if visible else 1,
            tag_ids=known,
            userids=chosen,
        )
        job.moment_id = moment.moment_id
        moments.store(call.world, moment)
    return {"jobid": job.jobid}


@get("externalcontact/get_moment_task_result", "customer")
def get_moment_task_result(call: Call) -> Answer:
    """Answer get_moment_task_result: status 2 while at work, then 3 with the moment_id; a job is known for 24 hours."""
    job = call.corp.moment_jobs.get(call.text("jobid", missing=40063))
    if job is None or job.created_at + JOB_SECONDS <= call.world.clock.now():
        raise WeComError(41062)
    job.polls += 1
    if job.polls <= call.settings.moment_job_polls:
        return {"status": JOB_RUNNING, "type": "add_moment_task"}
    result: dict[str, Any] = {
        "errcode": job.errcode,
        "errmsg": TEXTS[job.errcode] if job.errcode else "ok",
        "invalid_sender_list": {"user_list": job.bad_users, "department_list": job.bad_departments},
        "invalid_external_contact_list": {"tag_list": job.bad_tags},
    }
    if job.moment_id:
        result["moment_id"] = job.moment_id
    return {"status": JOB_DONE, "type": "add_moment_task", "result": result}


def _visible(call: Call, moment: Moment) -> bool:
    """Return whether an app may know of a moment: one of its own, or one by a member that it sees."""
    if moment.create_type == CREATED_BY_CORP:
        return moment.agent_id == call.app.agent_id or call.app.kind == "customer_contact"
    staff = call.corp.staff.get(moment.creator)
    return staff is not None and call.corp.sees(call.app, staff)


def _moment(call: Call) -> Moment:
    moment = call.corp.moments.get(call.text("moment_id", missing=41059))
    if moment is None or not _visible(call, moment):
        raise WeComError(41060)
    return moment


def _row(moment: Moment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "moment_id": moment.moment_id,
        "create_time": str(moment.create_time),
        "create_type": moment.create_type,
        "visible_type": moment.visible_type,
        "text": {"content": moment.text},
    }
    if moment.creator:
        row["creator"] = moment.creator
    for item in moment.attachments:
        kind = item["msgtype"]
        body = item[kind]
        if kind == "image":
            row.setdefault("image", []).append({"media_id": body["media_id"]})
        elif kind == "video":
            row["video"] = {"media_id": body["media_id"], "thumb_media_id": body["media_id"]}
        else:
            row["link"] = {"title": body.get("title", ""), "url": body["url"]}
    return row


@post("externalcontact/get_moment_list", "customer")
def list_moments(call: Call) -> Answer:
    """Answer get_moment_list: those of at most 30 days (600018), by creator and filter_type 0 corp, 1 personal, 2 all."""
    start, end = call.integer("start_time", 0), call.integer("end_time", 0)
    if not start or not end:
        raise WeComError(40063)
    if end < start or end - start > MONTH:
        raise WeComError(600018)
    wanted, creator = call.integer("filter_type", ALL_TYPES), call.text("creator")
    if wanted not in (CREATED_BY_CORP, CREATED_BY_STAFF, ALL_TYPES):
        raise WeComError(40058, "invalid Request Parameter: filter_type should be 0, 1 or 2")
    found = [
        moment
        for moment in call.corp.moments.values()
        if start <= moment.create_time <= end
        and wanted in (ALL_TYPES, moment.create_type)
        and creator in ("", moment.creator)
        and _visible(call, moment)
    ]
    most = call.settings.moment_list_max
    page, cursor = call.page(found, limit=call.limit(default=most, most=most))
    return {"moment_list": [_row(moment) for moment in page], "next_cursor": cursor}


@post("externalcontact/get_moment_task", "customer")
def list_moment_tasks(call: Call) -> Answer:
    """Answer get_moment_task: who of the asked staff has published (1) or not (0)."""
    moment = _moment(call)
    if moment.create_type == CREATED_BY_STAFF:
        raise WeComError(41060, "invalid moment_id: a personal moment has no task")
    page, cursor = call.page(moment.userids, limit=call.limit(default=500, most=1000))
    tasks = [call.corp.moment_tasks[moments.task_key(moment.moment_id, userid)] for userid in page]
    rows = [{"userid": task.userid, "publish_status": task.status} for task in tasks]
    return {"task_list": rows, "next_cursor": cursor}


@post("externalcontact/get_moment_customer_list", "customer")
def list_moment_customers(call: Call) -> Answer:
    """Answer get_moment_customer_list: whom a member's copy is meant for."""
    moment, userid = _moment(call), call.text("userid", missing=41009)
    task = moments.task_of(call.world, moment.moment_id, userid)
    if task is None:
        raise WeComError(41061)
    is_out = task.status == MOMENT_PUBLISHED
    customers = task.customers if is_out else moments.visible_customers(call.world, moment, userid)
    page, cursor = call.page(customers, limit=call.limit(default=500, most=1000))
    return {
        "customer_list": [{"userid": userid, "external_userid": item} for item in page],
        "next_cursor": cursor,
    }


@post("externalcontact/get_moment_send_result", "customer")
def list_moment_receivers(call: Call) -> Answer:
    """Answer get_moment_send_result: the customers who can see a member's published copy."""
    moment, userid = _moment(call), call.text("userid", missing=41009)
    task = moments.task_of(call.world, moment.moment_id, userid)
    if task is None:
        raise WeComError(41061)
    page, cursor = call.page(task.customers, limit=call.limit(default=3000, most=5000))
    return {"customer_list": [{"external_userid": item} for item in page], "next_cursor": cursor}


@post("externalcontact/get_moment_comments", "customer")
def list_moment_comments(call: Call) -> Answer:
    """Answer get_moment_comments: comments and likes of a member's copy, without their texts."""
    moment, userid = _moment(call), call.text("userid", missing=41009)
    task = moments.task_of(call.world, moment.moment_id, userid)
    if task is None:
        raise WeComError(41061)
    return {
        name: [{**moments.who(item), "create_time": item.create_time} for item in reactions]
        for name, reactions in (("comment_list", task.comments), ("like_list", task.likes))
    }


@post("externalcontact/cancel_moment_task", "customer")
def cancel_moment_task(call: Call) -> Answer:
    """Answer cancel_moment_task: copies that are not published yet never will be; those that are out stay."""
    moment = _moment(call)
    if moment.create_type == CREATED_BY_STAFF:
        raise WeComError(41060, "invalid moment_id: a personal moment has no task")
    moments.cancel(call.world, moment)
    return {}
