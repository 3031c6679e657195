import hashlib
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from wecom_emulator.dispatch import parse_upload
from wecom_emulator.rules.files import video_seconds
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


MP4 = b"\x00\x00\x00\x18ftypmp42" + b"0" * 24
AMR_SECOND = (b"\x3c" + b"0" * 31) * 50


def attachment(desk: Desk, content: bytes, *, media_type: str = "image", attachment_type: object = 1) -> Any:
    params = {"access_token": desk.token(), "media_type": media_type, "attachment_type": attachment_type}
    return desk.http.post("/cgi-bin/media/upload_attachment", params=params, files={"media": ("a.png", content)}).json()


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("voice", b"#!AMR\n" + AMR_SECOND * 60, 0),
        ("voice", b"#!AMR\n" + AMR_SECOND * 61, 40058),
        ("voice", b"ID3-mp3-is-refused", 40004),
        ("video", MP4, 0),
        ("video", b"\x1aE\xdf\xa3-matroska", 40004),
        ("image", b"\xff\xd8\xff\xe0jpeg", 0),
    ],
)
def test_kinds_are_known_by_their_bytes(desk: Desk, kind: str, content: bytes, code: int):
    assert desk.upload(kind, content).get("errcode", 0) == code


def test_playing_time_of_a_video_is_read():
    header = b"mvhd\x00\x00\x00\x00" + b"\x00" * 8 + (1000).to_bytes(4, "big") + (31_500).to_bytes(4, "big")
    assert video_seconds(MP4 + header) == 31.5
    assert video_seconds(MP4) is None


def test_attachments_are_for_moments_and_albums(desk: Desk):
    assert attachment(desk, PNG)["media_id"]
    assert attachment(desk, MP4, media_type="video")["type"] == "video"
    assert attachment(desk, MP4, media_type="video", attachment_type=2)["errcode"] == 40004
    assert attachment(desk, PNG, attachment_type=3)["errcode"] == 40058
    assert attachment(desk, b"GIF89a-not-allowed")["errcode"] == 40004


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/a.pdf" else 404)
        self.send_header("content-length", "8")
        self.end_headers()
        self.wfile.write(b"%PDF-1.4")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def files() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def finished(desk: Desk, jobid: str) -> Any:
    deadline = time.monotonic() + 10
    while True:
        answer = desk.ok("media/get_upload_by_url_result", jobid=jobid)
        if answer["status"] != 1 or time.monotonic() > deadline:
            return answer
        time.sleep(0.01)


def test_a_file_is_fetched_from_its_url(desk: Desk, receiver, files: str):
    order = {"scene": 1, "type": "file", "filename": "a.pdf", "url": f"{files}/a.pdf"}
    md5 = hashlib.md5(b"%PDF-1.4").hexdigest()  # noqa: S324 - the protocol's own
    jobid = desk.ok("media/upload_by_url", **order, md5=md5)["jobid"]
    done = finished(desk, jobid)
    assert (done["status"], done["detail"]["errcode"]) == (2, 0)
    query = {"access_token": desk.token(), "media_id": done["detail"]["media_id"]}
    assert desk.http.get("/cgi-bin/media/get", params=query).content == b"%PDF-1.4"
    desk.drain()
    assert [(event["Event"], event["JobId"]) for event in receiver.events] == [("upload_media_job_finish", jobid)]
    wrong = desk.ok("media/upload_by_url", **order, md5="0" * 32)["jobid"]
    assert (finished(desk, wrong)["status"], finished(desk, wrong)["detail"]["errcode"]) == (3, 301019)
    missing = desk.ok("media/upload_by_url", **{**order, "url": f"{files}/b"}, md5=md5)["jobid"]
    assert finished(desk, missing)["detail"]["errcode"] == 830001
    desk.advance(86_400)
    assert desk.post("media/get_upload_by_url_result", jobid=jobid)["errcode"] == 40058


def test_orders_to_fetch_are_checked(desk: Desk):
    order = {"scene": 1, "type": "file", "filename": "a.pdf", "url": "http://127.0.0.1:9/a", "md5": "0" * 32}
    cases: list[tuple[dict[str, Any], int]] = [
        ({"scene": 2}, 40058),
        ({"type": "image"}, 40004),
        ({"md5": "x"}, 40058),
        ({"url": "ftp://x"}, 40058),
        ({"filename": ""}, 40063),
    ]
    assert [desk.post("media/upload_by_url", **{**order, **change})["errcode"] for change, _ in cases] == [
        code for _, code in cases
    ]
