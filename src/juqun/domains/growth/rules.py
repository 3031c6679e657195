"""Pure decisions about recruiting."""

WELCOME_BYTES = 4000  # the channel's bound for a text, UTF-8
STAFF_PER_CODE = 100  # the channel's bound for one contact way
REMARK_CHARACTERS = 30  # the channel's bound for a contact way's remark
ORGANIC = "organic"
UNKNOWN = "unknown"


def is_staff_count_possible(count: int) -> bool:
    """Return whether a contact way may lead to so many staff."""
    return 1 <= count <= STAFF_PER_CODE


def is_welcome_possible(text: str) -> bool:
    """Return whether the channel would take a welcome text; an empty one is allowed and means the chain's own."""
    return len(text.encode()) <= WELCOME_BYTES


def remark(store_name: str, label: str) -> str:
    """Return what staff see in WeCom beside the contact way, at most 30 characters."""
    return f"{store_name} {label}".strip()[:REMARK_CHARACTERS]


def source_tag(source: str) -> str:
    """Return the tag of members recruited from a source."""
    return f"source:{source}"


def touch_source(state: str, source: str | None) -> str:
    """Return the lake's source of a friendship: of its code, ``unknown`` for a foreign state, else ``organic``."""
    if source is not None:
        return source
    return UNKNOWN if state else ORGANIC
