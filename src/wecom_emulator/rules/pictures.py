"""Pictures with a lasting url: uploaded for messages, group welcomes and kf accounts, and served to whoever looks."""

import hashlib

from wecom_emulator.state.messages import Media
from wecom_emulator.world import World

FOLDER = "mmbiz"
PURPOSE = "picture"


def keep_picture(world: World, content: bytes, *, filename: str) -> str:
    """Keep a picture for good and return its url; the same bytes have the same one."""
    mark = hashlib.blake2b(content, digest_size=20).hexdigest()
    url = f"{world.base_url}/{FOLDER}/{mark}"
    world.corp.images[url] = filename
    key = f"{FOLDER}/{mark}"
    world.corp.media[key] = Media(
        media_id=key,
        type="image",
        filename=filename,
        content_type=content_type_of(content),
        content=content,
        created_at=world.clock.seconds(),
        purpose=PURPOSE,
    )
    return url


def picture_of(world: World, mark: str) -> Media | None:
    """Return a kept picture by the end of its url, or None."""
    media = world.corp.media.get(f"{FOLDER}/{mark}")
    return media if media is not None and media.purpose == PURPOSE else None


def content_type_of(content: bytes) -> str:
    """Return the type of a picture by its first bytes."""
    if content.startswith(b"\x89PNG"):
        return "image/png"
    return "image/gif" if content.startswith(b"GIF8") else "image/jpeg"
