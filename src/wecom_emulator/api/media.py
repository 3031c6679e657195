"""Media: media/{upload,get,uploadimg}."""

import hashlib

from wecom_emulator.api.call import Answer, Call, RawAnswer, Upload, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import living_media
from wecom_emulator.state.messages import Media

MEGABYTE = 1 << 20
MOST_BYTES = {"image": 10 * MEGABYTE, "voice": 2 * MEGABYTE, "video": 10 * MEGABYTE, "file": 20 * MEGABYTE}
LEAST_BYTES = 5
IMAGE_SIGNS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
UPLOADIMG_BYTES = 2 * MEGABYTE


def _uploaded(call: Call, most: int) -> Upload:
    upload = call.upload
    if upload is None or not upload.content:
        raise WeComError(44001)
    if not LEAST_BYTES < len(upload.content) <= most:
        raise WeComError(40006)
    return upload


@post("media/upload", "media")
def upload_media(call: Call) -> Answer:
    """Answer media/upload: a media_id that lives three days; 40004 bad type, 40006 bad size."""
    kind = call.query.get("type", "")
    if kind not in MOST_BYTES:
        raise WeComError(40004)
    upload = _uploaded(call, MOST_BYTES[kind])
    if kind == "image" and not upload.content.startswith(IMAGE_SIGNS):
        raise WeComError(40004)
    media = Media(
        media_id=call.corp.new_id("media", "3", length=64),
        type=kind,
        filename=upload.filename,
        content_type=upload.content_type,
        content=upload.content,
        created_at=call.world.clock.seconds(),
    )
    call.corp.media[media.media_id] = media
    return {"type": kind, "media_id": media.media_id, "created_at": str(media.created_at)}


@get("media/get", "media")
def get_media(call: Call) -> RawAnswer:
    """Answer media/get with the file itself; 40007 when it is unknown or over its three days."""
    media = living_media(call.world, call.query.get("media_id", ""))
    return RawAnswer(content=media.content, content_type=media.content_type, filename=media.filename)


@post("media/uploadimg", "media")
def upload_image(call: Call) -> Answer:
    """Answer media/uploadimg: a lasting url for message pictures."""
    upload = _uploaded(call, UPLOADIMG_BYTES)
    if not upload.content.startswith(IMAGE_SIGNS):
        raise WeComError(40004)
    mark = hashlib.blake2b(upload.content, digest_size=20).hexdigest()
    url = f"{call.world.base_url}/mmbiz/{mark}"
    call.corp.images[url] = upload.filename
    return {"url": url}
