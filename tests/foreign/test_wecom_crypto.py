"""The npm package @wecom/crypto, a cipher that nobody here wrote, against the lane, the connector's cipher and the emulator's."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from juqun.channels.wecom.crypto import CallbackCrypto
from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.testing import callback_xml
from juqun.kernel import clock
from juqun.kernel.secrets import unseal
from juqun.surfaces.callbacks import lane
from wecom_emulator import crypto as emulators

SCRIPT = Path(__file__).with_name("wecom_crypto.mjs")
MESSAGES = ["", "a", "聚" * 7, "x" * 11, "x" * 12, "x" * 31, "x" * 32, "x" * 33, "店" * 3_000, '<xml>&"]]></xml>\n\x00']


def node():
    """The node that set-up used: the machine's, or the wheel's beside this Python."""
    return shutil.which("node") or str(Path(sys.executable).with_name("node"))


@pytest.fixture
def foreign(settings):
    """Ask the package to seal and to open."""

    def ask(seal=(), open_=()):
        request = {
            "token": settings.JUQUN_WECOM_CALLBACK_TOKEN,
            "key": settings.JUQUN_WECOM_CALLBACK_AES_KEY,
            "corp": settings.JUQUN_WECOM_CORP_ID,
            "seal": list(seal),
            "open": list(open_),
        }
        done = subprocess.run(
            [node(), str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, f"@wecom/crypto does not run; `make setup` installs it: {done.stderr}"
        return json.loads(done.stdout)

    return ask


def _own(settings):
    return (settings.JUQUN_WECOM_CALLBACK_TOKEN, settings.JUQUN_WECOM_CALLBACK_AES_KEY, settings.JUQUN_WECOM_CORP_ID)


class EmulatorsCipher:
    """The emulator's own cipher under the names of the connector's."""

    def __init__(self, token, key, corp):
        self.token, self.key, self.corp = token, emulators.decode_key(key), corp

    def sign(self, timestamp, nonce, encrypted):
        return emulators.sign(token=self.token, timestamp=timestamp, nonce=nonce, encrypted=encrypted)

    def encrypt(self, message):
        return emulators.encrypt(message, key=self.key, receive_id=self.corp)

    def decrypt(self, encrypted):
        return emulators.decrypt(encrypted, key=self.key, receive_id=self.corp)


@pytest.mark.parametrize("cipher", [CallbackCrypto, EmulatorsCipher])
def test_it_opens_what_we_seal_and_we_open_what_it_seals(settings, foreign, cipher):
    ours = cipher(*_own(settings))
    stamped = {"timestamp": "1409659589", "nonce": "263014780"}
    sealed = [ours.encrypt(message.encode()) for message in MESSAGES]
    answer = foreign(
        seal=[{"message": message, **stamped} for message in MESSAGES],
        open_=[{"encrypted": one, **stamped} for one in sealed],
    )
    assert [one["message"] for one in answer["opened"]] == MESSAGES
    assert {one["corp"] for one in answer["opened"]} == {settings.JUQUN_WECOM_CORP_ID}
    assert [one["signature"] for one in answer["opened"]] == [ours.sign(*stamped.values(), one) for one in sealed]
    for message, theirs in zip(MESSAGES, answer["sealed"], strict=True):
        assert theirs["signature"] == ours.sign(*stamped.values(), theirs["encrypted"])
        assert ours.decrypt(theirs["encrypted"]) == message.encode()


@pytest.mark.django_db(transaction=True)
def test_the_lane_takes_a_callback_that_it_sealed_and_refuses_it_for_another_corp(settings, foreign):
    xml = callback_xml(
        Event="change_external_contact", ChangeType="add_external_contact", UserID="王", ExternalUserID="wm1"
    )
    stamped = {"timestamp": str(int(clock.now().timestamp())), "nonce": "1372623149"}
    (mine,) = foreign(seal=[{"message": xml, **stamped}])["sealed"]
    assert _post(mine, stamped) == ("200 OK", b"success")
    assert unseal(InboxCallback.objects.get().body) == xml
    own_corp, settings.JUQUN_WECOM_CORP_ID = settings.JUQUN_WECOM_CORP_ID, "wx0000000000000000"
    (others,) = foreign(seal=[{"message": xml, **stamped}])["sealed"]
    settings.JUQUN_WECOM_CORP_ID = own_corp
    assert _post(others, stamped) == ("403 Forbidden", b"")
    assert InboxCallback.objects.count() == 1
    lane.writer.stop()


def _post(sealed, stamped):
    body = f"<xml><Encrypt><![CDATA[{sealed['encrypted']}]]></Encrypt></xml>".encode()
    told = []
    answer = lane.wsgi_lane(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": lane.PREFIX,
            "QUERY_STRING": urlencode({"msg_signature": sealed["signature"], **stamped}),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        },
        lambda status, _headers: told.append(status),
    )
    return told[0], b"".join(answer)
