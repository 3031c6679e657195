"""Callbacks out: XML, encryption, and a queue that sends with 5 s timeout and three tries.

By default (`callback_order` = strict) deliveries leave one after the other. `per_subject` keeps the order per customer
or group while up to `callback_parallel` are in flight; `none` keeps no order. Loss, duplicates, reordering and delay
are drawn from a seed.
"""

import asyncio
import secrets
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from wecom_emulator import crypto
from wecom_emulator.clock import Clock
from wecom_emulator.faults import EventFault
from wecom_emulator.state.settings import CallbackConfig, Settings

KEPT_FAILURES = 1000
"""How many failed deliveries stay on record; enough to look at, not enough to fill the memory."""

HELD_SECONDS = 0.3
"""How long a delivery that is to be overtaken waits for another one."""

EventField = tuple[str, "str | int | Sequence[str]"]


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def event_xml(fields: Sequence[EventField]) -> str:
    """Return the plain XML of an event: numbers bare, texts in CDATA, lists as Item elements."""
    parts: list[str] = []
    for name, value in fields:
        if isinstance(value, int):
            inner = str(value)
        elif isinstance(value, str):
            inner = _cdata(value)
        else:
            inner = "".join(f"<Item>{_cdata(item)}</Item>" for item in value)
        parts.append(f"<{name}>{inner}</{name}>")
    return "<xml>" + "".join(parts) + "</xml>"


def sealed_request(
    config: CallbackConfig, *, corp_id: str, agent_id: int, plain: str, timestamp: int, nonce: str
) -> tuple[str, bytes]:
    """Return the url with its signature and the encrypted body of one callback."""
    key = crypto.decode_key(config.encoding_aes_key)
    encrypted = crypto.encrypt(plain.encode(), key=key, receive_id=corp_id)
    signature = crypto.sign(token=config.token, timestamp=str(timestamp), nonce=nonce, encrypted=encrypted)
    url = with_query(config.url, msg_signature=signature, timestamp=str(timestamp), nonce=nonce)
    body = (
        f"<xml><ToUserName>{_cdata(corp_id)}</ToUserName><AgentID>{_cdata(str(agent_id))}</AgentID>"
        f"<Encrypt>{_cdata(encrypted)}</Encrypt></xml>"
    )
    return url, body.encode()


def with_query(url: str, **parameters: str) -> str:
    """Return the url with parameters appended to its query."""
    parts = urlsplit(url)
    query = "&".join(item for item in (parts.query, urlencode(parameters)) if item)
    return urlunsplit(parts._replace(query=query))


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to one url."""

    config: CallbackConfig
    corp_id: str
    agent_id: int
    plain: str
    subject: str
    event: str
    change_type: str
    tries: int = 0
    last_error: str = ""
    delay_ms: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return what an operator needs to see of it."""
        return {
            "url": self.config.url,
            "event": self.event,
            "change_type": self.change_type,
            "subject": self.subject,
            "tries": self.tries,
            "last_error": self.last_error,
            "xml": self.plain,
        }


@dataclass(slots=True, kw_only=True)
class DeliveryCounts:
    """How many deliveries were accepted, given up, or lost on purpose."""

    delivered: int = 0
    failed: int = 0
    lost: int = 0
    duplicated: int = 0


class CallbackSender:
    """The queue between what happens in the corp and the receivers' urls; lives on one event loop."""

    def __init__(
        self,
        clock: Clock,
        settings: Callable[[], Settings],
        draw: Callable[[str, str], EventFault | None] = lambda event, change_type: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._draw = draw
        self._changed = changed
        self._held: dict[int, list[Delivery]] = {}
        self._lanes: dict[int, deque[Delivery]] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._client: httpx.AsyncClient | None = None
        self._rng = Random(0)
        self._seed = -1
        self._turn = 0
        self.pending = 0
        self.counts = DeliveryCounts()
        self.failures: deque[Delivery] = deque(maxlen=KEPT_FAILURES)

    def enqueue(self, delivery: Delivery) -> None:
        """Put a delivery into its lane, or lose, double, delay or hold it as a fault or the settings say."""
        fault = self._draw(delivery.event, delivery.change_type)
        if fault is not None and fault.lose:
            self.counts.lost += 1
            return
        settings = self._settings()
        if settings.callback_seed != self._seed:
            self._seed = settings.callback_seed
            self._rng = Random(self._seed)
        if self._drawn(settings.callback_loss_probability):
            self.counts.lost += 1
            return
        if fault is not None:
            delivery.delay_ms = fault.delay_ms
            if fault.reorder:
                self._hold(delivery, settings)
                return
        self._put(delivery, settings)
        again = fault.duplicate if fault is not None else 0
        if self._drawn(settings.callback_duplicate_probability):
            again += 1
        for _ in range(again):
            self.counts.duplicated += 1
            self._put(replace(delivery), settings)

    def _hold(self, delivery: Delivery, settings: Settings) -> None:
        """Keep a delivery back until another one of its lane has been queued, or for a moment if none comes."""
        lane_number = self._lane_of(delivery, settings)
        self._held.setdefault(lane_number, []).append(delivery)
        self.pending += 1
        self._idle.clear()
        asyncio.get_running_loop().call_later(HELD_SECONDS, self._release, lane_number)

    def _release(self, lane_number: int) -> None:
        for delivery in self._held.pop(lane_number, []):
            self.pending -= 1
            self._queue(lane_number, delivery)

    def waiting(self, event: str, subject: str) -> bool:
        """Return whether an event about a subject is queued and not yet on its way."""
        return any(item.event == event and item.subject == subject for lane in self._lanes.values() for item in lane)

    def _drawn(self, probability: float) -> bool:
        return probability > 0 and self._rng.random() < probability

    def _put(self, delivery: Delivery, settings: Settings) -> None:
        lane_number = self._lane_of(delivery, settings)
        lane = self._queue(lane_number, delivery)
        if len(lane) > 1 and self._drawn(settings.callback_reorder_probability):
            lane[-1], lane[-2] = lane[-2], lane[-1]
        self._release(lane_number)

    def _queue(self, lane_number: int, delivery: Delivery) -> deque[Delivery]:
        lane = self._lanes.setdefault(lane_number, deque())
        lane.append(delivery)
        self.pending += 1
        self._changed()
        self._idle.clear()
        if lane_number not in self._workers:
            self._workers[lane_number] = asyncio.get_running_loop().create_task(self._work(lane_number, lane))
        return lane

    def _lane_of(self, delivery: Delivery, settings: Settings) -> int:
        if settings.callback_order == "strict":
            return 0
        width = max(1, settings.callback_parallel)
        if settings.callback_order == "per_subject":
            return zlib.crc32(delivery.subject.encode()) % width
        self._turn += 1
        return self._turn % width

    async def _work(self, lane_number: int, lane: deque[Delivery]) -> None:
        try:
            while lane:
                delivery = lane.popleft()
                try:
                    await self._deliver(delivery)
                finally:
                    self.pending -= 1
                    self._changed()
        finally:
            self._workers.pop(lane_number, None)
            if self.pending == 0:
                self._idle.set()

    async def _deliver(self, delivery: Delivery) -> None:
        settings = self._settings()
        delay_ms = settings.callback_delay_ms + delivery.delay_ms
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        tries = 0
        for attempt in range(settings.callback_tries):
            if attempt:
                await asyncio.sleep(settings.callback_retry_pause_seconds)
            tries += 1
            error = await self._post(delivery, settings)
            if not error:
                self.counts.delivered += 1
                break
            delivery.last_error = error
        else:
            self.counts.failed += 1
            self.failures.append(delivery)
        delivery.tries = tries

    async def _post(self, delivery: Delivery, settings: Settings) -> str:
        """Send once; return the reason of failure, or an empty text."""
        url, body = sealed_request(
            delivery.config,
            corp_id=delivery.corp_id,
            agent_id=delivery.agent_id,
            plain=delivery.plain,
            timestamp=self._clock.seconds(),
            nonce=str(secrets.randbelow(2_000_000_000)),
        )
        try:
            async with asyncio.timeout(settings.callback_timeout_seconds):
                answer = await self._http().post(url, content=body, headers={"Content-Type": "text/xml"})
        except TimeoutError:
            return f"no answer within {settings.callback_timeout_seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}"
        return "" if answer.status_code == 200 else f"HTTP status {answer.status_code}"

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=None, trust_env=False)  # noqa: S113 - asyncio.timeout bounds each try
        return self._client

    async def verify_url(self, config: CallbackConfig, *, corp_id: str) -> str:
        """Do the GET check that WeCom's console does on saving; return the reason of failure, or an empty text."""
        settings = self._settings()
        expected = str(secrets.randbelow(10**19))
        timestamp, nonce = str(self._clock.seconds()), str(secrets.randbelow(2_000_000_000))
        key = crypto.decode_key(config.encoding_aes_key)
        echostr = crypto.encrypt(expected.encode(), key=key, receive_id=corp_id)
        signature = crypto.sign(token=config.token, timestamp=timestamp, nonce=nonce, encrypted=echostr)
        url = with_query(config.url, msg_signature=signature, timestamp=timestamp, nonce=nonce, echostr=echostr)
        try:
            async with asyncio.timeout(settings.callback_timeout_seconds):
                answer = await self._http().get(url)
        except TimeoutError:
            return f"no answer within {settings.callback_timeout_seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}"
        if answer.status_code != 200:
            return f"HTTP status {answer.status_code}"
        return "" if answer.text == expected else "the answer is not the decrypted echostr"

    async def drain(self, timeout_seconds: float) -> dict[str, int]:
        """Wait until nothing is queued or in flight, at most so long, and return the counts."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._idle.wait()
        except TimeoutError:
            pass  # the caller sees it in `pending`
        return self.as_json()

    def as_json(self) -> dict[str, int]:
        """Return the counts since the start."""
        return {
            "pending": self.pending,
            "delivered": self.counts.delivered,
            "failed": self.counts.failed,
            "lost": self.counts.lost,
            "duplicated": self.counts.duplicated,
        }

    async def reset(self) -> None:
        """Drop what is queued or in flight, and start counting anew."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._lanes.clear()
        self._held.clear()
        self._workers.clear()
        self.pending, self._seed = 0, -1
        self._idle.set()
        self.counts = DeliveryCounts()
        self.failures.clear()

    async def close(self) -> None:
        """Drop what is queued and close the connections."""
        await self.reset()
        if self._client is not None:
            await self._client.aclose()
            self._client = None
