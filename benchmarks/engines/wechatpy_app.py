"""What a shop with wechatpy writes: a Flask view that checks and decrypts with `wechatpy.work`, and stores by Flask-SQLAlchemy.

One transaction per callback with its row and its task, under the unique key that WeCom documents, widened so that no customer is
swallowed. SQLite is set as Juqun sets its own (WAL, synchronous NORMAL, a patient busy handler).
"""

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto
from wechatpy.work.exceptions import InvalidCorpIdException

from benchmarks.callbacks import WECHATPY_KEY

application = Flask(__name__)
application.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{Path(os.environ['JUQUN_DATA_DIR']) / 'wechatpy.sqlite3'}"
application.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 20}}
database = SQLAlchemy(application)
_crypto = WeChatCrypto(
    os.environ["JUQUN_WECOM_CALLBACK_TOKEN"],
    os.environ["JUQUN_WECOM_CALLBACK_AES_KEY"],
    os.environ["JUQUN_WECOM_CORP_ID"],
)


class Callback(database.Model):  # type: ignore[name-defined,misc]
    """One callback, once."""

    id = database.Column(database.Integer, primary_key=True)
    dedupe_key = database.Column(database.Text, nullable=False, unique=True)
    received_at = database.Column(database.DateTime, nullable=False, server_default=database.func.now())
    body = database.Column(database.Text, nullable=False)


class Task(database.Model):  # type: ignore[name-defined,misc]
    """What is to be done about a callback."""

    id = database.Column(database.Integer, primary_key=True)
    name = database.Column(database.Text, nullable=False)
    payload = database.Column(database.Text, nullable=False)


with application.app_context():

    @event.listens_for(database.engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        for pragma in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"):
            connection.execute(pragma)

    database.create_all()


@application.post("/callbacks/wecom/")
def receive() -> Response:
    """Do what the lane does, as the manuals of wechatpy and Flask-SQLAlchemy show it."""
    try:
        plain = _crypto.decrypt_message(
            request.data, request.args["msg_signature"], request.args["timestamp"], request.args["nonce"]
        )
    except (InvalidSignatureException, InvalidCorpIdException):
        abort(403)
    data = parse_message(plain)._data
    row = Callback(dedupe_key="|".join(str(data.get(field) or "") for field in WECHATPY_KEY), body=plain)
    database.session.add(row)
    try:
        database.session.flush()
    except IntegrityError:
        database.session.rollback()
    else:
        database.session.add(Task(name="process", payload=json.dumps({"ids": [row.id]})))
        database.session.commit()
    return Response("success", content_type="text/plain")
