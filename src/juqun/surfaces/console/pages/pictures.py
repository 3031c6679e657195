"""Pictures that the channel keeps: the address that WeCom gives leads to a picture, it is not what the picture holds."""

from urllib.parse import urlsplit

from django.core.cache import cache
from django.http import HttpResponse

from juqun.channels.wecom import operations as wecom
from juqun.kernel.errors import NotFoundError

KEPT_SECONDS = 3_600


def hand_on(*, url: str, key: str) -> HttpResponse:
    """Answer with WeCom's own picture, kept for an hour under `key`. Raises NotFoundError while WeCom gave no address, and
    the channel's errors while it is out of reach or hands out what is no picture."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise NotFoundError
    kept: tuple[bytes, str] | None = cache.get(key)
    if kept is None:
        kept = wecom.get_picture(url=url)
        cache.set(key, kept, KEPT_SECONDS)
    content, kind = kept
    answer = HttpResponse(content, content_type=kind)
    answer["Cache-Control"] = "private, max-age=300"
    return answer
