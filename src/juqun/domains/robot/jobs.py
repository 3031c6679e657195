"""Queue entry points of the robot room."""

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom import queries as wecom_queries
from juqun.domains.robot import operations, queries
from juqun.kernel import clock
from juqun.kernel.jobs import enqueue_many, job


@job(queue="send", atomic=False, lease_seconds=60)
def poll_service_accounts() -> None:
    """Pull every account without a bell: what a lost callback left lying is found here.

    Sessions that 48 hours of silence have ended are ended here too: WeCom sends no news of that.
    """
    operations.end_silent_sessions(now=clock.now())
    for open_kfid in queries.list_open_kfids():
        operations.pull_messages(open_kfid=open_kfid, token="", at=clock.now())


@job(queue="send", atomic=False, lease_seconds=120)
def refresh_media(*, content_hash: str) -> None:
    """Upload one picture of the welcomes unless its upload is fresh."""
    wecom.refresh_media(content_hash=content_hash, at=clock.now())


@job(queue="bulk")
def refresh_all_media() -> None:
    """Ask for every picture in use to be uploaded anew before WeCom forgets it, half a day early."""
    at = clock.now()
    wecom.use_media(content_hashes=queries.list_image_hashes(), at=at)
    ask_media(wecom_queries.list_old_media(at=at))


def ask_media(content_hashes: list[str]) -> None:
    """Ask for pictures to be uploaded; requests that wait for the same one are one."""
    enqueue_many(
        refresh_media,
        [{"content_hash": one} for one in content_hashes],
        dedupe_keys=[f"robot.media:{one}" for one in content_hashes],
    )


@job(queue="bulk", atomic=False, lease_seconds=120)
def read_archive() -> None:
    """Read the message archive on, where one is set up."""
    operations.read_archive()
