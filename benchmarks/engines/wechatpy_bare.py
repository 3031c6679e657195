"""The least that a shop with wechatpy can write: a Flask view that decrypts with `wechatpy.work`, parses, stores the row once, answers.

No ORM, no sealing, one lock around the writer: less than what is usually written (`wechatpy_app`). One SQLite connection per thread
(WAL, synchronous NORMAL, as Juqun's own), one transaction per callback with its row and its task, the unique key that WeCom documents
widened so that no customer is swallowed.
"""

import json
import os
import sqlite3
import threading
import time
from pathlib import Path

from flask import Flask, Response, abort, request
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto
from wechatpy.work.exceptions import InvalidCorpIdException

from benchmarks.callbacks import WECHATPY_KEY

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS callback "
        "(id INTEGER PRIMARY KEY, dedupe_key TEXT NOT NULL UNIQUE, received_at REAL NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, name TEXT NOT NULL, payload TEXT NOT NULL)",
)

application = Flask(__name__)
_crypto = WeChatCrypto(
    os.environ["JUQUN_WECOM_CALLBACK_TOKEN"],
    os.environ["JUQUN_WECOM_CALLBACK_AES_KEY"],
    os.environ["JUQUN_WECOM_CORP_ID"],
)
_local = threading.local()
_writing = threading.Lock()


def _database() -> sqlite3.Connection:
    connection: sqlite3.Connection | None = getattr(_local, "connection", None)
    if connection is None:
        path = Path(os.environ["JUQUN_DATA_DIR"]) / "wechatpy.sqlite3"
        connection = _local.connection = sqlite3.connect(path, timeout=20, isolation_level=None)
        with _writing:
            for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", *TABLES):
                connection.execute(statement)
    return connection


@application.post("/callbacks/wecom/")
def receive() -> Response:
    """Do what the lane does, as wechatpy's manual shows it."""
    try:
        plain = _crypto.decrypt_message(
            request.data, request.args["msg_signature"], request.args["timestamp"], request.args["nonce"]
        )
    except (InvalidSignatureException, InvalidCorpIdException):
        abort(403)
    message = parse_message(plain)
    data = message._data
    key = "|".join(str(data.get(field) or "") for field in WECHATPY_KEY)
    database = _database()
    with _writing:  # SQLite's own busy handler would let single threads wait for seconds
        database.execute("BEGIN IMMEDIATE")
        row = database.execute(
            "INSERT INTO callback (dedupe_key, received_at, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            (key, time.time(), plain),
        ).fetchone()
        if row is not None:
            database.execute("INSERT INTO task (name, payload) VALUES (?, ?)", ("process", json.dumps({"ids": row})))
        database.execute("COMMIT")
    return Response("success", content_type="text/plain")
