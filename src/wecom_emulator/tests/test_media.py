import pytest

from wecom_emulator.dispatch import parse_upload
from wecom_emulator.tests.conftest import PNG, Desk


def test_media_lives_three_days(desk: Desk):
    media = desk.upload("image", PNG)
    assert (media["type"], media["created_at"]) == ("image", "1511755200")
    query = {"access_token": desk.token(), "media_id": media["media_id"]}
    answer = desk.http.get("/cgi-bin/media/get", params=query)
    assert answer.content == PNG
    assert "a.png" in answer.headers["content-disposition"]
    desk.advance(259_200)
    desk.forget_tokens()
    assert desk.get("media/get", media_id=media["media_id"])["errcode"] == 40007
    assert desk.get("media/get")["errcode"] == 41006


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("poem", PNG, 40004),
        ("image", b"GIF89a-not-allowed", 40004),
        ("image", b"tiny", 40006),
        ("file", b"", 44001),
        ("voice", b"0" * (2 * 1024 * 1024 + 1), 40006),
        ("file", b"\r\n--\r\n\x00binary\xff" * 3, 0),
    ],
)
def test_upload_is_checked(desk: Desk, kind: str, content: bytes, code: int):
    assert desk.upload(kind, content)["errcode"] == code


def test_picture_url_may_be_used_in_messages(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    desk.befriend("li", customer)
    url = desk.upload("", PNG, path="media/uploadimg")["url"]
    picture = {"msgtype": "image", "image": {"pic_url": url}}
    desk.ok("externalcontact/add_msg_template", external_userid=[customer], attachments=[picture])


def test_multipart_bodies_are_read_byte_by_byte():
    body = b'--B\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\n\r\nx\r\n\r\n--B--\r\n'
    upload = parse_upload(body, "multipart/form-data; boundary=B")
    assert upload is not None
    assert upload.content == b"\r\nx\r\n"
    assert parse_upload(body, "multipart/form-data") is None
    assert parse_upload(b"--B--", 'multipart/form-data; boundary="B"') is None
