import os
import xml.etree.ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.errors import CallbackRefusedError

TOKEN, KEY, CORP = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
TIMESTAMP, NONCE = "1409659589", "263014780"
ECHOSTR = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
SIGNATURE = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"


@pytest.fixture
def crypto():
    return CallbackCrypto(TOKEN, KEY, CORP)


def test_official_vector_is_opened(crypto):
    assert crypto.sign(TIMESTAMP, NONCE, ECHOSTR) == SIGNATURE
    assert crypto.open(SIGNATURE, TIMESTAMP, NONCE, ECHOSTR) == b"1616140317555161061"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 64, 1000])
def test_wechatpy_reads_ours_and_we_read_wechatpys(crypto, length):
    theirs = WeChatCrypto(TOKEN, KEY, CORP)
    message = os.urandom(length).hex()
    encrypted = crypto.encrypt(message.encode())
    signature = crypto.sign(TIMESTAMP, NONCE, encrypted)
    body = f"<xml><ToUserName>x</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
    assert theirs.decrypt_message(body, signature, TIMESTAMP, NONCE) == message
    root = Tree.fromstring(theirs.encrypt_message(message, NONCE, TIMESTAMP))  # noqa: S314
    opened = crypto.open(root.findtext("MsgSignature"), TIMESTAMP, NONCE, root.findtext("Encrypt"))
    assert opened == message.encode()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"signature": SIGNATURE[:-1] + "4"}, "wrong signature"),
        ({"signature": "é"}, "wrong signature"),
        ({"timestamp": "1409659590"}, "wrong signature"),
        ({"nonce": "1"}, "wrong signature"),
        ({"encrypted": ECHOSTR[:-4]}, "wrong signature"),
    ],
)
def test_a_changed_message_is_refused(crypto, changed, reason):
    given_ = {"signature": SIGNATURE, "timestamp": TIMESTAMP, "nonce": NONCE, "encrypted": ECHOSTR} | changed
    with pytest.raises(CallbackRefusedError) as caught:
        crypto.open(**given_)
    assert caught.value.reason == reason


def test_a_message_for_another_corp_is_refused(crypto):
    sealed = CallbackCrypto(TOKEN, KEY, "wx0000000000000000").encrypt(b"hello")
    with pytest.raises(CallbackRefusedError) as caught:
        crypto.decrypt(sealed)
    assert caught.value.reason == "not for this corp"


@given(st.one_of(st.binary(max_size=200).map(lambda raw: raw.hex()), st.text(max_size=80)))
def test_rubbish_is_refused_and_nothing_else_happens(text):
    with pytest.raises(CallbackRefusedError):
        CallbackCrypto(TOKEN, KEY, CORP).decrypt(text)


def test_keys_do_not_show_in_a_repr(crypto):
    assert TOKEN not in repr(crypto)
    assert KEY not in repr(crypto)
