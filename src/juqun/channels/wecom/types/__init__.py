"""Values that cross the border of the WeCom connector. Field names keep WeCom's spelling; times are aware UTC."""

from juqun.channels.wecom.types.checks import (
    CheckResult,
)
from juqun.channels.wecom.types.contacts import (
    Contact,
    Follow,
)
from juqun.channels.wecom.types.customer_service import (
    KfAccount,
    KfMessage,
    KfOrigin,
    KfPage,
)
from juqun.channels.wecom.types.drift import (
    Difference,
    Document,
    DriftChoice,
    DriftKind,
    DriftView,
    Settlement,
    Verdict,
)
from juqun.channels.wecom.types.groups import (
    GroupChat,
    GroupChatMember,
)
from juqun.channels.wecom.types.inbox import (
    InboxEntry,
    InboxState,
    VerifiedCallback,
)
from juqun.channels.wecom.types.messages import (
    Attachment,
    ImageAttachment,
    LinkAttachment,
    MassMessage,
    MassMessageSummary,
    OtherAttachment,
    SendableAttachment,
    SendResult,
    SendStatus,
    TaskState,
)
from juqun.channels.wecom.types.retry import (
    Retry,
    RetryLater,
    RetryNever,
)
from juqun.channels.wecom.types.staff import (
    StaffUser,
)
from juqun.channels.wecom.types.tags import (
    CorpTag,
)
from juqun.channels.wecom.types.ways import (
    ContactWay,
    JoinWay,
)
from juqun.channels.wecom.types.welcome_templates import (
    WelcomeTemplate,
)

__all__ = [
    "Attachment",
    "CheckResult",
    "Contact",
    "ContactWay",
    "CorpTag",
    "Difference",
    "Document",
    "DriftChoice",
    "DriftKind",
    "DriftView",
    "Follow",
    "GroupChat",
    "GroupChatMember",
    "ImageAttachment",
    "InboxEntry",
    "InboxState",
    "JoinWay",
    "KfAccount",
    "KfMessage",
    "KfOrigin",
    "KfPage",
    "LinkAttachment",
    "MassMessage",
    "MassMessageSummary",
    "OtherAttachment",
    "Retry",
    "RetryLater",
    "RetryNever",
    "SendResult",
    "SendStatus",
    "SendableAttachment",
    "Settlement",
    "StaffUser",
    "TaskState",
    "Verdict",
    "VerifiedCallback",
    "WelcomeTemplate",
]
