"""Run by test_feed: flushes under kill -9 at each dangerous moment, then by two processes at once. Prints what the lake holds."""

import os
import signal
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from juqun.lake import engine, feed, manifest, writer  # noqa: E402
from juqun.lake.models import FactOutbox  # noqa: E402
from juqun.lake.testing import business  # noqa: E402

ROWS = 3_000


def record_all() -> None:
    rows = [
        (f"t{i}", {"ts": business(2026, 1, 1 + i % 5, 12), "member_id": i, "kind": "scan", "source": "till"})
        for i in range(ROWS)
    ]
    orders = [(f"pos:{i}", {"ts": business(2026, 1, 1 + i % 3, 12), "amount_fen": i}) for i in range(ROWS)]
    with transaction.atomic():
        feed.record_many("touches", rows)
        feed.record_many("orders", orders)


def die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before_writing() -> None:
    writer.append_many = die


def between_files_and_manifest() -> None:
    manifest.change = die


def before_marking() -> None:
    append_many = writer.append_many

    def append_then_die(*args: object, **kwargs: object) -> int:
        append_many(*args, **kwargs)
        die()
        return 0

    writer.append_many = append_then_die


def in_child(*preparations: object) -> int:
    connections.close_all()
    child = os.fork()
    if child:
        return child
    for prepare in preparations:
        prepare()
    feed.flush(batch_rows=1_000)
    connections.close_all()
    os._exit(0)


def main() -> None:
    if sys.argv[1] == "migrate":
        call_command("migrate", "lake", verbosity=0)
    record_all()
    for fault in (before_writing, between_files_and_manifest, before_marking, before_marking, before_writing):
        _, status = os.waitpid(in_child(fault), 0)
        assert os.WIFSIGNALED(status), f"{fault.__name__}: the flush outlived its kill"
    children = [in_child(), in_child()]
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    found = engine.Engine(settings.JUQUN_LAKE_DIR).query(
        "SELECT (SELECT count(*) FROM touches) AS touches, (SELECT count(DISTINCT touch_key) FROM touches) AS touch_keys, "
        "(SELECT count(*) FROM orders) AS orders, (SELECT sum(amount_fen) FROM orders)::BIGINT AS amount_fen"
    )
    print(found.to_pylist()[0] | {"pending": FactOutbox.objects.filter(flushed_at__isnull=True).count()})  # noqa: T201


main()
