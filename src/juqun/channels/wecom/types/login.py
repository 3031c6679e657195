"""Who opened a page inside WeCom, and what its scripts need to be allowed."""

from dataclasses import dataclass
from enum import StrEnum


class JsTicket(StrEnum):
    """Which ticket signs a page: the corp's (wx.config) or the app's (wx.agentConfig)."""

    CORP = "jsapi"
    APP = "agent_config"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginUser:
    """Who logged in: a member (`userid`), or somebody else (`openid`, with `external_userid` when they are a customer)."""

    userid: str = ""
    openid: str = ""
    external_userid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSignature:
    """What wx.config or wx.agentConfig wants to be told for one address; good for minutes."""

    corp_id: str
    agent_id: int
    timestamp: int
    nonce: str
    signature: str
