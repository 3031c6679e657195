"""The product's side of the contact benchmark, each verb in a process of its own: prepare the staff, work, tell what was copied."""

import json
import signal
import sys
import threading

import django

django.setup()

from juqun.channels.wecom import operations as wecom  # noqa: E402 - Django must be set up first
from juqun.channels.wecom import queries  # noqa: E402
from juqun.channels.wecom.types import SyncKind, SyncMode  # noqa: E402
from juqun.domains.members.models import FriendLink  # noqa: E402
from juqun.domains.org import operations as org  # noqa: E402
from juqun.domains.org.types import NodeKind, Role  # noqa: E402
from juqun.kernel.jobs.work import Worker  # noqa: E402
from juqun.kernel.scope import DataScope  # noqa: E402

PRODUCT_THREADS = {"now": 2, "send": 2, "bulk": 2}  # the defaults of `juqun worker`


def prepare() -> None:
    """Enter everybody whom WeCom lists, all at one store, and ask for the first sync of their customers."""
    chain = org.create_chain(name="Chain")
    store = org.add_node(parent_id=chain.id, kind=NodeKind.STORE, name="Store", code="S1")
    for userid in wecom.list_follow_userids():
        org.add_staff(node_id=store.id, name=userid, userid=userid, role=Role.GUIDE)
    wecom.ask_sync(kinds=[SyncKind.CONTACTS], mode=SyncMode.RECONCILE, asked_by="benchmark")


def work() -> None:
    """Work until told to stop."""
    worker, ended = Worker(PRODUCT_THREADS), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    worker.start()
    ended.wait()
    worker.stop()


def report() -> None:
    """Tell the run and the friendships that are stored."""
    (run,) = queries.list_syncs(scope=DataScope.whole_chain())
    found = {"state": run.state, "calls": run.calls, "pages": run.pages, "added": run.added, "refused": run.refused}
    print(json.dumps({**found, "error": run.error, "friends": FriendLink.objects.filter(lost_at=None).count()}))


def main() -> None:
    """Do what the first argument names."""
    {"prepare": prepare, "work": work, "report": report}[sys.argv[1]]()


if __name__ == "__main__":
    main()
