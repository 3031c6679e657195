import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juqun.channels.wecom.envelope import MAX_BYTES, _parse, _scan, parse
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


TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("<>&]\r\n\t\x00\x0b\x7f\x85\u2028\ufffe\uffff"), max_size=12
)
TAGS = st.sampled_from(["Event", "A", "a1", "xml"])
CHILDREN = st.one_of(
    st.builds("<{0}><![CDATA[{1}]]></{0}>".format, TAGS, TEXTS),
    st.builds("<{0}>{1}</{0}>".format, TAGS, TEXTS),
    st.builds("<{0}>{1}</{2}>".format, TAGS, TEXTS, TAGS),
)


@given(st.lists(CHILDREN, max_size=6), st.sampled_from(["", " ", "\n", "\ufeff"]))
def test_the_short_way_reads_nothing_otherwise_than_the_parser(children, around):
    raw = f"{around}<xml>{around.join(children)}</xml>".encode()
    scanned = _scan(raw)
    if scanned is not None:
        assert scanned == _parse(raw)


def test_what_wecom_sends_goes_the_short_way():
    raw = "<xml><ToUserName><![CDATA[ww1]]></ToUserName><CreateTime>1496289600</CreateTime><Name><![CDATA[张 & <b>]]></Name></xml>"
    assert _scan(raw.encode()) == _parse(raw.encode())
