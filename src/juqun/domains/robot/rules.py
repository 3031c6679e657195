"""Pure decisions of the robot: what fits into the channel's windows, and which words answer what."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from math import ceil

from ahocorasick_rs import AhoCorasick, MatchKind

from juqun.domains.robot.types import Candidate

WELCOME_LIFE = timedelta(seconds=20)  # the channel's life of a welcome code
REPLY_WINDOW = timedelta(hours=48)  # customer service: after the customer's last message
REPLIES_PER_WINDOW = 5  # customer service: renewed by every message of the customer
ANSWERS_PER_WINDOW = REPLIES_PER_WINDOW - 1  # the last one is kept for "a person will answer"
EVENT_CODE_LIFE = timedelta(seconds=20)  # customer service: of a welcome's and a goodbye's code
EVENT_CODE_MARGIN = timedelta(seconds=5)  # what the call itself may take: later than 15 seconds it is not tried
QUEUE_CODE_LIFE = timedelta(hours=48)
PERSON_WORDS = ("人工", "转人工", "human")
MENU_LINES = 10
MENU_TEXT_BYTES = 128
MENU_ID_BYTES = 64
MENU_HEAD_BYTES = 1024
FAIL_REFUSED_BY_CUSTOMER = 10
FAILS_THAT_CLOSE = frozenset({4, 5, 6})  # 48 hours over, session closed, five messages
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


def may_reply(*, last_written_at: datetime | None, replies_since: int, now: datetime, most: int) -> bool:
    """Return whether customer service may still write: within 48 hours of the customer's last message, ``most`` since then."""
    return last_written_at is not None and now - last_written_at < REPLY_WINDOW and replies_since < most


def is_event_code_late(*, at: datetime, now: datetime) -> bool:
    """Return whether a welcome's or goodbye's code that came at ``at`` is too old to be tried."""
    return now - at >= EVENT_CODE_LIFE - EVENT_CODE_MARGIN


def is_staffed(*, minute: int, opens: int, closes: int) -> bool:
    """Return whether people serve at a minute of the day; hours may go over midnight, equal ones mean always."""
    if opens == closes:
        return True
    return opens <= minute < closes if opens < closes else minute >= opens or minute < closes


def is_scene(scene: str) -> bool:
    """Return whether the channel takes a text as a link's scene; "" is none."""
    return re.fullmatch(r"[0-9a-zA-Z_-]{0,32}", scene) is not None


def rank_servicers(candidates: Sequence[Candidate]) -> list[str]:
    """Return who is asked in turn: those of the customer's store first, then those with the fewest customers."""
    ordered = sorted(candidates, key=lambda one: (not one.is_stores, one.load, one.userid))
    return [one.userid for one in ordered]


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


def send_msgid(open_kfid: str, cause: str, purpose: str) -> str:
    """Return the channel's id of something said for ``purpose`` because of ``cause``: always the same, as reply_msgid."""
    return reply_msgid(open_kfid, f"{cause}\x00{purpose}")


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
