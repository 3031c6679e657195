"""Values that cross the border of the WeCom connector. Field names keep WeCom's spelling; times are aware UTC."""

from juqun.channels.wecom.types.acquisition import (
    AcquisitionLink,
    AcquisitionQuota,
    LinkChatStatus,
    LinkCustomer,
    LinkStatistic,
)
from juqun.channels.wecom.types.archive import ArchiveAdapter, ArchiveRow
from juqun.channels.wecom.types.checks import (
    CheckInput,
    CheckLevel,
    CheckResult,
)
from juqun.channels.wecom.types.contacts import (
    Contact,
    ConvertedId,
    Follow,
)
from juqun.channels.wecom.types.customer_service import (
    KfAccount,
    KfChange,
    KfCustomer,
    KfCustomers,
    KfMenu,
    KfMenuChoice,
    KfMenuItem,
    KfMenuLink,
    KfMenuText,
    KfMessage,
    KfOrigin,
    KfPage,
    KfRefusal,
    KfServicer,
    KfServicerResult,
    KfSession,
    KfState,
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
from juqun.channels.wecom.types.login import (
    JsTicket,
    LoginUser,
    PageSignature,
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
    RetryWithNewToken,
)
from juqun.channels.wecom.types.staff import (
    StaffUser,
)
from juqun.channels.wecom.types.statistics import (
    DayGroupStatistic,
    GroupCounts,
    OwnerGroupStatistic,
    StaffBehavior,
)
from juqun.channels.wecom.types.sync import (
    ContactPage,
    FindingKind,
    SyncFinding,
    SyncKind,
    SyncMode,
    SyncRunView,
    SyncShard,
    SyncState,
    SyncStep,
    SyncTaken,
)
from juqun.channels.wecom.types.tags import (
    CorpTag,
)
from juqun.channels.wecom.types.transfers import (
    TransferOutcome,
    TransferProgress,
    TransferStart,
    TransferStatus,
    UnassignedContact,
)
from juqun.channels.wecom.types.ways import (
    ContactWay,
    JoinWay,
)
from juqun.channels.wecom.types.welcome_templates import (
    WelcomeTemplate,
)

__all__ = [
    "AcquisitionLink",
    "AcquisitionQuota",
    "ArchiveAdapter",
    "ArchiveRow",
    "Attachment",
    "CheckInput",
    "CheckLevel",
    "CheckResult",
    "Contact",
    "ContactPage",
    "ContactWay",
    "ConvertedId",
    "CorpTag",
    "DayGroupStatistic",
    "Difference",
    "Document",
    "DriftChoice",
    "DriftKind",
    "DriftView",
    "FindingKind",
    "Follow",
    "GroupChat",
    "GroupChatMember",
    "GroupCounts",
    "ImageAttachment",
    "InboxEntry",
    "InboxState",
    "JoinWay",
    "JsTicket",
    "KfAccount",
    "KfChange",
    "KfCustomer",
    "KfCustomers",
    "KfMenu",
    "KfMenuChoice",
    "KfMenuItem",
    "KfMenuLink",
    "KfMenuText",
    "KfMessage",
    "KfOrigin",
    "KfPage",
    "KfRefusal",
    "KfServicer",
    "KfServicerResult",
    "KfSession",
    "KfState",
    "LinkAttachment",
    "LinkChatStatus",
    "LinkCustomer",
    "LinkStatistic",
    "LoginUser",
    "MassMessage",
    "MassMessageSummary",
    "OtherAttachment",
    "OwnerGroupStatistic",
    "PageSignature",
    "Retry",
    "RetryLater",
    "RetryNever",
    "RetryWithNewToken",
    "SendResult",
    "SendStatus",
    "SendableAttachment",
    "Settlement",
    "StaffBehavior",
    "StaffUser",
    "SyncFinding",
    "SyncKind",
    "SyncMode",
    "SyncRunView",
    "SyncShard",
    "SyncState",
    "SyncStep",
    "SyncTaken",
    "TaskState",
    "TransferOutcome",
    "TransferProgress",
    "TransferStart",
    "TransferStatus",
    "UnassignedContact",
    "Verdict",
    "VerifiedCallback",
    "WelcomeTemplate",
]
