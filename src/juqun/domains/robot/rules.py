"""Pure decisions of the robot: what fits into the channel's windows, and which words answer what."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from math import ceil

from ahocorasick_rs import AhoCorasick, MatchKind

WELCOME_LIFE = timedelta(seconds=20)  # the channel's life of a welcome code
REPLY_WINDOW = timedelta(hours=48)  # customer service: after the customer's last message
REPLIES_PER_WINDOW = 5  # customer service: renewed by every message of the customer
ANSWER_AGE = timedelta(minutes=10)  # an older message is recorded only: an answer out of the blue is worse than none
TOKEN_LIFE = timedelta(minutes=9)  # the channel's ten minutes less one
WELCOME_BYTES = 4000
REPLY_BYTES = 2048
LINK_TITLE_BYTES = 128
LINK_DESCRIPTION_BYTES = 512
NICKNAME = "{nickname}"


def is_welcome_late(*, at: datetime, now: datetime) -> bool:
    """Return whether a welcome code given at ``at`` is dead."""
    return now - at >= WELCOME_LIFE


def may_reply(*, last_written_at: datetime, replies_since: int, now: datetime) -> bool:
    """Return whether customer service may still write: within 48 hours of the customer's last message, five in all."""
    return now - last_written_at < REPLY_WINDOW and replies_since < REPLIES_PER_WINDOW


def is_worth_answering(*, at: datetime, now: datetime) -> bool:
    """Return whether a message is fresh enough for a machine's answer."""
    return now - at < ANSWER_AGE


def is_token_alive(*, at: datetime, now: datetime) -> bool:
    """Return whether a pull token that came with a bell at ``at`` may still be used."""
    return now - at < TOKEN_LIFE


def code_hash(welcome_code: str) -> str:
    """Return what a welcome code is remembered by; the code itself is not stored."""
    return sha256(welcome_code.encode()).hexdigest()


def reply_msgid(open_kfid: str, msgid: str) -> str:
    """Return the channel's id of our answer to a message: always the same, so that the channel refuses a second one.

    At most 32 characters of 0-9, a-z and underscore, as the channel wants.
    """
    return "jq_" + sha256(f"{open_kfid}\x00{msgid}".encode()).hexdigest()[:28]


def normalise(text: str) -> str:
    """Return the form in which words and texts meet: full-width and half-width, upper and lower case are the same."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def first_word(words: Sequence[str], text: str) -> int | None:
    """Return the place in ``words`` of the word that answers ``text``: the leftmost found, of those the longest.

    Words are normalised already and not empty; None when none of them is in the text.
    """
    if not words:
        return None
    matches = _automaton(tuple(words)).find_matches_as_indexes(normalise(text))
    return matches[0][0] if matches else None


@lru_cache(maxsize=64)
def _automaton(words: tuple[str, ...]) -> AhoCorasick:
    return AhoCorasick(list(words), matchkind=MatchKind.LeftmostLongest)


def cut(text: str, size: int) -> str:
    """Return the longest beginning of ``text`` that fits ``size`` bytes of UTF-8 without breaking a character."""
    return text.encode()[:size].decode(errors="ignore")


def fill_nickname(text: str, nickname: str) -> str:
    """Return the text with the customer's name; without a name the placeholder goes, with a comma that follows it."""
    if nickname:
        return cut(text.replace(NICKNAME, nickname), WELCOME_BYTES)
    for mark in (",", "，", "、", "!", "！"):
        text = text.replace(NICKNAME + mark, "")
    return text.replace(NICKNAME, "").lstrip()


def rank(share: float, count: int) -> int:
    """Return the place (from 0) of a quantile in ``count`` sorted values, nearest rank; ``count`` is at least 1."""
    return max(0, ceil(share * count) - 1)
