import pytest
from wechatpy.work.crypto import WeChatCrypto

from wecom_emulator import crypto
from wecom_emulator.callbacks import event_xml, sealed_request
from wecom_emulator.state.settings import CallbackConfig
from wecom_emulator.tests.conftest import AES_KEY, CORP, TOKEN

ECHOSTR = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="


def test_official_vector_has_the_published_signature_and_plaintext():
    signature = crypto.sign(token=TOKEN, timestamp="1409659589", nonce="263014780", encrypted=ECHOSTR)
    assert signature == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert crypto.decrypt(ECHOSTR, key=crypto.decode_key(AES_KEY), receive_id=CORP) == b"1616140317555161061"


def test_wechatpy_opens_what_the_emulator_seals():
    config = CallbackConfig(url="http://localhost/cb?shop=1", token=TOKEN, encoding_aes_key=AES_KEY)
    plain = event_xml([("Name", "a ]]> b 聚群"), ("Count", 2), ("MemChangeList", ["x", "y"])])
    url, body = sealed_request(config, corp_id=CORP, agent_id=7, plain=plain, timestamp=1500000000, nonce="9")
    assert url.startswith("http://localhost/cb?shop=1&msg_signature=")
    signature = url.split("msg_signature=")[1].split("&")[0]
    opened = WeChatCrypto(TOKEN, AES_KEY, CORP).decrypt_message(body, signature, "1500000000", "9")
    assert opened == plain
    assert "<![CDATA[a ]]]]><![CDATA[> b 聚群]]>" in plain


def test_emulator_opens_what_wechatpy_seals():
    sealed = WeChatCrypto(TOKEN, AES_KEY, CORP).encrypt_message("<xml>hello</xml>", "9", "1500000000")
    encrypted = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert crypto.decrypt(encrypted, key=crypto.decode_key(AES_KEY), receive_id=CORP) == b"<xml>hello</xml>"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 31, 32, 33, 1000])
def test_any_length_survives(length: int):
    key = crypto.decode_key(AES_KEY)
    sealed = crypto.encrypt(b"x" * length, key=key, receive_id=CORP)
    assert crypto.decrypt(sealed, key=key, receive_id=CORP) == b"x" * length


def test_message_for_another_corp_is_refused():
    key = crypto.decode_key(AES_KEY)
    with pytest.raises(crypto.CallbackCryptoError, match="another receiver"):
        crypto.decrypt(crypto.encrypt(b"x", key=key, receive_id="wwother"), key=key, receive_id=CORP)


@pytest.mark.parametrize("text", ["", "!!!", "YWJj", "A" * 64])
def test_broken_cipher_text_is_refused(text: str):
    with pytest.raises(crypto.CallbackCryptoError):
        crypto.decrypt(text, key=crypto.decode_key(AES_KEY), receive_id=CORP)


def test_short_key_is_refused():
    with pytest.raises(crypto.CallbackCryptoError, match="43 characters"):
        crypto.decode_key("short")
