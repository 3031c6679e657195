"""Media: media/{upload,get,uploadimg,upload_attachment,upload_by_url,get_upload_by_url_result}."""

import re
from typing import Any

from wecom_emulator import downloads
from wecom_emulator.api.call import Answer, Call, RawAnswer, Upload, get, post
from wecom_emulator.errors import TEXTS, WeComError
from wecom_emulator.rules.files import MEGABYTE, MOST_BYTES, check_file
from wecom_emulator.rules.payload import living_media, string, web_address
from wecom_emulator.rules.pictures import keep_picture
from wecom_emulator.state.messages import PURPOSE_ALBUM, PURPOSE_MOMENTS, Media
from wecom_emulator.state.uploads import JOB_DONE, JOB_FAILED, UploadJob

UPLOADIMG_BYTES = 2 * MEGABYTE
BY_URL_TYPES = ("video", "file")
JOB_SECONDS = 86_400
MD5 = re.compile(r"[0-9a-fA-F]{32}\Z")
ATTACHMENT_KINDS = {1: (PURPOSE_MOMENTS, ("image", "video", "file")), 2: (PURPOSE_ALBUM, ("image",))}
"""attachment_type: 1 moments, 2 product album; with the kinds of media that each may hold."""


def _uploaded(call: Call, kind: str, *, most: int) -> Upload:
    upload = call.upload
    if upload is None:
        raise WeComError(44001)
    check_file(kind, upload.content, most=most)
    return upload


def _kept(call: Call, kind: str, upload: Upload, *, purpose: str = "") -> Media:
    media = Media(
        media_id=call.corp.new_id("media", "3", length=64),
        type=kind,
        filename=upload.filename,
        content_type=upload.content_type,
        content=upload.content,
        created_at=call.world.clock.seconds(),
        purpose=purpose,
    )
    call.corp.media[media.media_id] = media
    return media


@post("media/upload", "media")
def upload_media(call: Call) -> Answer:
    """Answer media/upload: a media_id that lives three days; 40004 bad type or content, 40006 bad size."""
    kind = call.query.get("type", "")
    if kind not in MOST_BYTES:
        raise WeComError(40004)
    media = _kept(call, kind, _uploaded(call, kind, most=MOST_BYTES[kind]))
    return {"type": kind, "media_id": media.media_id, "created_at": str(media.created_at)}


@post("media/upload_attachment", "media")
def upload_attachment(call: Call) -> Answer:
    """Answer media/upload_attachment: media for moments (1) or product albums (2) only, living three days."""
    kind, wanted = call.query.get("media_type", ""), call.query.get("attachment_type", "")
    if not wanted.isdigit() or int(wanted) not in ATTACHMENT_KINDS:
        raise WeComError(40058, "invalid Request Parameter: attachment_type should be 1 or 2")
    purpose, kinds = ATTACHMENT_KINDS[int(wanted)]
    if kind not in kinds:
        raise WeComError(40004)
    media = _kept(call, kind, _uploaded(call, kind, most=MOST_BYTES[kind]), purpose=purpose)
    return {"type": kind, "media_id": media.media_id, "created_at": media.created_at}


@get("media/get", "media")
def get_media(call: Call) -> RawAnswer:
    """Answer media/get with the file itself; 40007 when it is unknown or over its three days."""
    media = living_media(call.world, call.query.get("media_id", ""))
    return RawAnswer(content=media.content, content_type=media.content_type, filename=media.filename)


@post("media/uploadimg", "media")
def upload_image(call: Call) -> Answer:
    """Answer media/uploadimg: a lasting url for message pictures."""
    upload = _uploaded(call, "image", most=UPLOADIMG_BYTES)
    return {"url": keep_picture(call.world, upload.content, filename=upload.filename)}


@post("media/upload_by_url", "media")
def upload_by_url(call: Call) -> Answer:
    """Answer media/upload_by_url: a job that fetches up to 200 MB; 40058 for a wrong scene, type, url or md5."""
    if call.integer("scene", 0) != 1:
        raise WeComError(40058, "invalid Request Parameter: scene should be 1")
    kind = call.text("type", missing=40063)
    if kind not in BY_URL_TYPES:
        raise WeComError(40004)
    md5 = call.text("md5", missing=40063)
    if not MD5.match(md5):
        raise WeComError(40058, "invalid Request Parameter: md5")
    job = UploadJob(
        jobid=call.corp.new_id("upload_job", "job", length=40),
        type=kind,
        filename=string(call.body, "filename", most=128, required=True),
        url=web_address(call.body, "url", required=True),
        md5=md5,
        created_at=call.world.clock.seconds(),
    )
    call.corp.upload_jobs[job.jobid] = job
    downloads.start(call.world, job)
    return {"jobid": job.jobid}


@post("media/get_upload_by_url_result", "media")
def get_upload_result(call: Call) -> Answer:
    """Answer media/get_upload_by_url_result: status 1 running, 2 done, 3 failed; a job is known for 24 hours."""
    job = call.corp.upload_jobs.get(call.text("jobid", missing=40063))
    if job is None or job.created_at + JOB_SECONDS <= call.world.clock.now():
        raise WeComError(40058, "invalid Request Parameter: jobid")
    detail: dict[str, Any] = {"errcode": job.errcode, "errmsg": TEXTS.get(job.errcode, "ok" if not job.errcode else "")}
    if job.status == JOB_DONE:
        detail |= {"media_id": job.media_id, "created_at": str(call.corp.media[job.media_id].created_at)}
    return {"status": job.status, **({"detail": detail} if job.status in (JOB_DONE, JOB_FAILED) else {})}
