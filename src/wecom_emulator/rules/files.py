"""What an uploaded file must be: its size, its kind by the first bytes, its playing time."""

import struct

from wecom_emulator.errors import WeComError

MEGABYTE = 1 << 20
MOST_BYTES = {"image": 10 * MEGABYTE, "voice": 2 * MEGABYTE, "video": 10 * MEGABYTE, "file": 20 * MEGABYTE}
MOST_BYTES_BY_URL = 200 * MEGABYTE
LEAST_BYTES = 5
"""Files of 5 bytes or less are refused."""

VOICE_SECONDS = 60
IMAGE_SIGNS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
AMR_SIGN = b"#!AMR\n"
AMR_FRAME_BYTES = (12, 13, 15, 17, 19, 20, 26, 31, 5)
"""Payload of one 20 ms frame by its mode (3GPP TS 26.101), without the mode byte."""

AMR_FRAME_SECONDS = 0.02


def voice_seconds(content: bytes) -> float:
    """Return the playing time of an AMR file, counted over its frames; unknown modes count as empty frames."""
    place, frames = len(AMR_SIGN), 0
    while place < len(content):
        mode = content[place] >> 3 & 0x0F
        place += 1 + (AMR_FRAME_BYTES[mode] if mode < len(AMR_FRAME_BYTES) else 0)
        frames += 1
    return frames * AMR_FRAME_SECONDS


def video_seconds(content: bytes) -> float | None:
    """Return the playing time in the movie header of an MP4 file, or None when it has none that can be read."""
    place = content.find(b"mvhd")
    if place < 0:
        return None
    layout, start = (">II", place + 16) if content[place + 4 : place + 5] == b"\x00" else (">IQ", place + 24)
    try:
        scale, duration = struct.unpack_from(layout, content, start)
    except struct.error:
        return None
    return duration / scale if scale else None


def _is_kind(kind: str, content: bytes) -> bool:
    if kind == "image":
        return content.startswith(IMAGE_SIGNS)
    if kind == "voice":
        return content.startswith(AMR_SIGN)
    if kind == "video":
        return content[4:8] == b"ftyp"
    return kind == "file"


def check_file(kind: str, content: bytes, *, most: int) -> None:
    """Raise WeComError 44001 (empty), 40006 (size), 40004 (not of its kind) or 40058 (voice over 60 s)."""
    if not content:
        raise WeComError(44001)
    if not LEAST_BYTES < len(content) <= most:
        raise WeComError(40006)
    if not _is_kind(kind, content):
        raise WeComError(40004)
    if kind == "voice" and voice_seconds(content) > VOICE_SECONDS:
        raise WeComError(40058, "invalid voice: at most 60 seconds")
