import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juqun.channels.wecom.envelope import MAX_BYTES, parse
from juqun.channels.wecom.errors import CallbackRefusedError

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % ((c + 1,) + (c,) * 4) for c in range(97, 112))
    + b"]><xml><Event>&p;</Event></xml>"
)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (BOMB, "XML with a document type"),
        (b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>', "XML with a document type"),
        (b"<xml><Event>x</Event>", "not readable XML"),
        (b"<xml>&unknown;</xml>", "not readable XML"),
        (b"", "not readable XML"),
        (b"\xff\xfe\x00", "not readable XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><xml/>', "not readable XML"),
        (b"<a>" * 20 + b"</a>" * 20, "XML nested too deep"),
        (b"<xml>" + b" " * MAX_BYTES + b"</xml>", "XML too big"),
    ],
)
def test_what_is_not_a_plain_message_is_refused(xml, reason):
    with pytest.raises(CallbackRefusedError) as caught:
        parse(xml)
    assert caught.value.reason == reason


def test_both_formats_of_a_list_read_the_same():
    newer = parse(b"<xml><MemChangeList><Item><![CDATA[wm1]]></Item>\n<Item>wm2</Item></MemChangeList></xml>")
    older = parse(b"<xml><MemChangeList><![CDATA[wm1, wm2]]></MemChangeList></xml>")
    assert newer.listed("MemChangeList") == older.listed("MemChangeList") == ("wm1", "wm2")
    assert parse(b"<xml><MemChangeList/></xml>").listed("MemChangeList") == ()
    assert parse(b"<xml/>").listed("MemChangeList") == ()


def test_cdata_may_hold_markup():
    assert parse(b"<xml><Name><![CDATA[<!DOCTYPE & <b>]]></Name></xml>").get("Name") == "<!DOCTYPE & <b>"


@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(raw):
    with contextlib.suppress(CallbackRefusedError):
        parse(raw)
