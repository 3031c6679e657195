"""Fetching the files of media/upload_by_url in the background, and telling the callbacks when one is there."""

import asyncio
import hashlib

import httpx

from wecom_emulator.errors import WeComError
from wecom_emulator.rules.files import MOST_BYTES_BY_URL, check_file
from wecom_emulator.state.messages import Media
from wecom_emulator.state.uploads import JOB_DONE, JOB_FAILED, UploadJob
from wecom_emulator.world import World

FETCH_SECONDS = 60
BAD_URL, CUT_SHORT, TOO_LARGE, WRONG_MD5 = 830001, 830003, 45001, 301019


class _FetchError(Exception):
    def __init__(self, errcode: int) -> None:
        self.errcode = errcode
        super().__init__(errcode)


def start(world: World, job: UploadJob) -> None:
    """Begin to fetch a job's file on the running loop."""
    task = asyncio.get_running_loop().create_task(_run(world, job.jobid, url=job.url))
    world.background.add(task)
    task.add_done_callback(world.background.discard)


async def _run(world: World, jobid: str, *, url: str) -> None:
    content, errcode = b"", 0
    try:
        content = await _fetched(url)
    except _FetchError as error:
        errcode = error.errcode
    finish(world, jobid, content=content, errcode=errcode)
    world.commit()


async def _fetched(url: str) -> bytes:
    parts, size = [], 0
    try:
        async with (
            httpx.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=True, trust_env=False) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise _FetchError(BAD_URL)
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > MOST_BYTES_BY_URL:
                    raise _FetchError(TOO_LARGE)
                parts.append(part)
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise _FetchError(BAD_URL) from error
    except httpx.HTTPError as error:
        raise _FetchError(CUT_SHORT) from error
    return b"".join(parts)


def finish(world: World, jobid: str, *, content: bytes, errcode: int) -> None:
    """Keep what was fetched, or why nothing was, and tell the callbacks."""
    job = world.corp.upload_jobs.get(jobid)
    if job is None:
        return
    if not errcode and hashlib.md5(content, usedforsecurity=False).hexdigest() != job.md5.lower():
        errcode = WRONG_MD5
    if not errcode:
        try:
            check_file(job.type, content, most=MOST_BYTES_BY_URL)
        except WeComError as error:
            errcode = error.errcode
    if errcode:
        job.status, job.errcode = JOB_FAILED, errcode
    else:
        job.status, job.media_id = JOB_DONE, world.corp.new_id("media", "3", length=64)
        world.corp.media[job.media_id] = Media(
            media_id=job.media_id,
            type=job.type,
            filename=job.filename,
            content_type="application/octet-stream",
            content=content,
            created_at=world.clock.seconds(),
        )
    world.emit("upload_media_job_finish", "", [("JobId", jobid)], subject=jobid)
