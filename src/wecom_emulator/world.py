"""Everything that one emulator process holds: the corp, its clock, tokens, callback queue, faults and records."""

import asyncio
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wecom_emulator.callbacks import CallbackSender, Delivery, EventField, event_xml
from wecom_emulator.clock import Clock
from wecom_emulator.errors import WeComError
from wecom_emulator.faults import Fault, Faults
from wecom_emulator.live import Live
from wecom_emulator.rates import RateMeter
from wecom_emulator.recorder import Recorder
from wecom_emulator.state.corp import Corp
from wecom_emulator.state.resident import UPSERT, read_kept
from wecom_emulator.state.settings import App, CallbackConfig

WORLD = "world"
"""The collection of what outlives a restart and is not the corp's."""


@dataclass(slots=True, kw_only=True)
class AccessToken:
    """A token of one credential."""

    token: str
    secret: str
    expires_at: float


@dataclass(slots=True, kw_only=True)
class KfToken:
    """The token of a kf callback, good for pulling one account without the strict limit."""

    open_kfid: str
    expires_at: float


class World:
    """One emulated WeCom with one corp; used on a single event loop, so nothing here takes locks."""

    def __init__(self, corp: Corp, clock: Clock) -> None:
        self.corp = corp
        self.clock = clock
        self.recorder = Recorder()
        self.faults = Faults()
        self.live = Live()
        self.sender = CallbackSender(
            clock, lambda: self.corp.settings, self.faults.draw_event, lambda: self.live.touch("callbacks")
        )
        self.rates = RateMeter()
        self.base_url = ""
        self.tokens: dict[str, AccessToken] = {}
        self.kf_tokens: dict[str, KfToken] = {}
        self.calls = 0
        self.background: set[asyncio.Task[None]] = set()

    def commit(self) -> None:
        """Make what the running request changed lasting; objects of the corp that it reached are let go."""
        self.corp.store.commit()
        self.live.committed(self.corp)

    def keep_clock(self) -> None:
        """Put the clock's reading on the database, for the next start."""
        self.corp.store.write(UPSERT, (WORLD, "clock", json.dumps(self.clock.kept())))
        self.live.touch("clock")

    def go_on(self) -> None:
        """Set the clock as it was when the database was left."""
        for key, body in read_kept(self.corp.store, WORLD):
            if key == "clock":
                self.clock.restore(json.loads(body))

    def replace_corp(self, corp: Corp) -> None:
        """Put another corp in place, in the same state file; tokens and rate counts of the old one end."""
        path = self.corp.store.path
        self.corp.store.close()
        if path is not None:
            corp.store.move_to(path)
        self.corp = corp
        self.keep_clock()
        self.commit()
        self.tokens.clear()
        self.kf_tokens.clear()
        self.rates.clear()
        self.live.corp_replaced(corp)

    async def reset(self, corp: Corp) -> None:
        """Begin anew with another corp: faults, records and queued callbacks go; only the clock goes on."""
        await self.sender.reset()
        await self.stop_background()
        self.replace_corp(corp)
        self.recorder.clear()
        self.faults.clear()

    async def stop_background(self) -> None:
        """End what runs beside the requests, such as downloads."""
        tasks = list(self.background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def issue_token(self, corp_id: str, secret: str) -> AccessToken:
        """Return the living token of a credential, or a new one; raises WeComError 40013 or 40001."""
        if corp_id != self.corp.corp_id:
            raise WeComError(40013)
        if not any(app.secret == secret for app in self.corp.apps):
            raise WeComError(40001)
        now = self.clock.now()
        living = next((item for item in self.tokens.values() if item.secret == secret and item.expires_at > now), None)
        if living is not None:
            return living
        token = AccessToken(
            token=secrets.token_urlsafe(96), secret=secret, expires_at=now + self.corp.settings.token_seconds
        )
        self.tokens[token.token] = token
        return token

    def kill_tokens(self, fault: Fault, token: str) -> None:
        """Let the token of a call, or all of them, die as a fault wants; the next use answers its errcode."""
        dying = list(self.tokens) if fault.kill_tokens == "all" else [token] if fault.kill_tokens else []
        for item in dying:
            if fault.token_errcode == 40014:
                self.tokens.pop(item, None)
            elif item in self.tokens:
                self.tokens[item].expires_at = 0.0

    def app_of_token(self, token: str) -> App:
        """Return the app that a token belongs to; raises WeComError 41001, 40014 or 42001."""
        if not token:
            raise WeComError(41001)
        known = self.tokens.get(token)
        if known is None:
            raise WeComError(40014)
        if known.expires_at <= self.clock.now():
            raise WeComError(42001)
        app = next((app for app in self.corp.apps if app.secret == known.secret), None)
        if app is None:
            raise WeComError(40014)
        return app

    def emit(
        self,
        event: str,
        change_type: str,
        fields: Sequence[EventField],
        *,
        subject: str,
        concerns: Iterable[str] = (),
        from_user: str = "sys",
        agents: Sequence[int] | None = None,
    ) -> None:
        """Queue an event for every callback url that may see it.

        `concerns` names the staff in it: an app with its own url gets the event only if one of them is in its visible
        range (any app, when it concerns nobody). `subject` is the customer, group or object whose order is kept. `agents`
        are the only apps that may have it, None for any.
        """
        if not self.corp.callbacks:
            return
        head: list[EventField] = [("ToUserName", self.corp.corp_id)]
        if from_user:
            head.append(("FromUserName", from_user))
        head += [("CreateTime", self.clock.seconds()), ("MsgType", "event"), ("Event", event)]
        if change_type:
            head.append(("ChangeType", change_type))
        plain = event_xml([*head, *fields])
        named = list(concerns)
        for config in self.corp.callbacks:
            if agents is not None and config.agent_id is not None and config.agent_id not in agents:
                continue
            if self._may_see(config, event, named):
                self.sender.enqueue(
                    Delivery(
                        config=config,
                        corp_id=self.corp.corp_id,
                        agent_id=self._agent_id(config),
                        plain=plain,
                        subject=subject,
                        event=event,
                        change_type=change_type,
                    )
                )

    def _agent_id(self, config: CallbackConfig) -> int:
        if config.agent_id is not None:
            return config.agent_id
        return next((app.agent_id for app in self.corp.apps if app.kind == "app"), 0)

    def _may_see(self, config: CallbackConfig, event: str, concerns: list[str]) -> bool:
        if config.agent_id is None:
            return True
        app = self.corp.app_of(config.agent_id)
        if app is None or (app.kind == "contact_sync" and event != "change_contact"):
            return False
        if (app.kind == "msgaudit") != (event == "msgaudit_notify"):
            return False
        staff = [self.corp.staff[userid] for userid in concerns if userid in self.corp.staff]
        return not staff or any(self.corp.sees(app, item) for item in staff)
