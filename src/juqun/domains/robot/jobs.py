"""Queue entry points of the robot room."""

from juqun.domains.robot import operations, queries
from juqun.kernel import clock
from juqun.kernel.jobs import job


@job(queue="send", atomic=False, lease_seconds=60)
def poll_service_accounts() -> None:
    """Pull every account without a bell: what a lost callback left lying is found here."""
    for open_kfid in queries.list_open_kfids():
        operations.pull_messages(open_kfid=open_kfid, token="", at=clock.now())
