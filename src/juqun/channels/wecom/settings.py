"""What an installation says about its corp, read from the settings once per change."""

from dataclasses import dataclass

from django.conf import settings

from juqun.channels.wecom.endpoints import Credential
from juqun.kernel.secrets import keyed_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpSettings:
    """One corp with one self-built app. Secrets have no repr, so that they never reach a log."""

    base_url: str
    corp_id: str
    agent_id: int
    secrets: "SecretPair"
    in_flight: int
    kf_duplicate_errcode: int

    def token_key(self, credential: Credential) -> str:
        """Under which an access token is shared: another secret, server or app is another token, also within one corp."""
        source = f"{self.base_url}\0{self.secrets.of(credential)}"
        return f"{credential.value}:{keyed_hash('wecom-token', source).hex()}"


class SecretPair:
    """The app's and the address book's secret."""

    __slots__ = ("_by_credential",)

    def __init__(self, app: str, contacts: str) -> None:
        self._by_credential = {Credential.APP: app, Credential.CONTACTS: contacts}

    def of(self, credential: Credential) -> str:
        """The secret for this kind of call."""
        return self._by_credential[credential]

    def __repr__(self) -> str:
        return "SecretPair(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretPair) and self._by_credential == other._by_credential

    def __hash__(self) -> int:
        return hash(tuple(self._by_credential.values()))


def corp_settings() -> CorpSettings:
    """The present settings."""
    return CorpSettings(
        base_url=settings.JUQUN_WECOM_BASE_URL,
        corp_id=settings.JUQUN_WECOM_CORP_ID,
        agent_id=int(settings.JUQUN_WECOM_AGENT_ID),
        secrets=SecretPair(settings.JUQUN_WECOM_SECRET, settings.JUQUN_WECOM_CONTACT_SECRET),
        in_flight=settings.JUQUN_WECOM_IN_FLIGHT,
        kf_duplicate_errcode=settings.JUQUN_WECOM_KF_DUPLICATE_ERRCODE,
    )


def callback_max_age_seconds() -> int:
    """How far a callback's timestamp may be from our clock; WeCom's own three tries take 15 s."""
    return int(settings.JUQUN_WECOM_CALLBACK_MAX_AGE_SECONDS)
