"""Files that the corp fetches from a url by itself."""

from dataclasses import dataclass

JOB_RUNNING = 1
JOB_DONE = 2
JOB_FAILED = 3


@dataclass(slots=True, kw_only=True)
class UploadJob:
    """One order to fetch a file; `errcode` says why it failed."""

    jobid: str
    type: str
    filename: str
    url: str
    md5: str
    created_at: int
    status: int = JOB_RUNNING
    errcode: int = 0
    media_id: str = ""
