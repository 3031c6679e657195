"""External contacts: who the customers are, and which staff they are friends with."""

from collections.abc import Iterator, Sequence

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomLimitError, WecomRefusedError
from juqun.channels.wecom.types import Contact, ContactPage, ConvertedId

USERS_PER_BATCH = 100
CONTACTS_PER_PAGE = 100
_REMARK_LIMITS = {"remark": 20, "description": 150, "remark_company": 20}


def get_contact(*, external_userid: str) -> Contact:
    """Read one contact with all followers that the app may see (more than 500 come in pages)."""
    endpoint = endpoints.CONTACT_GET
    pages = list(get_client().pages(endpoint, {"external_userid": external_userid}))
    with mappers.reading(endpoint):
        follows = [row for page in pages for row in page.get("follow_user", ())]
        return mappers.contact(pages[0]["external_contact"], follows)


def list_contact_ids(*, userid: str) -> list[str]:
    """List the external_userids of one staff member's friends; empty when there is none (WeCom says 84061 then)."""
    endpoint = endpoints.CONTACT_LIST
    try:
        answer = get_client().call(endpoint, params={"userid": userid})
    except WecomRefusedError as error:
        if error.errcode == rules.NO_CONTACT:
            return []
        raise
    with mappers.reading(endpoint):
        return list(answer["external_userid"])


def iter_contacts(*, userids: Sequence[str]) -> Iterator[Contact]:
    """Read all friends of the given staff, 100 to a page. One Contact per friendship: each carries exactly one follower."""
    for start in range(0, len(userids), USERS_PER_BATCH):
        batch, cursor = userids[start : start + USERS_PER_BATCH], ""
        while True:
            page = get_contact_page(userids=batch, cursor=cursor)
            yield from page.contacts
            if not page.next_cursor:
                break
            cursor = page.next_cursor


def get_contact_page(*, userids: Sequence[str], cursor: str) -> ContactPage:
    """Read one page (100 friendships) of the friends of at most 100 staff; `cursor` is "" for the first.

    Staff without any customer give an empty page, also where WeCom says 84061. A cursor that repeats itself is the end.
    """
    endpoint = endpoints.CONTACT_BATCH
    rules.check_count(endpoint, "userids", len(userids), most=USERS_PER_BATCH)
    body = {"userid_list": list(userids), "limit": CONTACTS_PER_PAGE, "cursor": cursor}
    try:
        answer = get_client().call(endpoint, body)
    except WecomRefusedError as error:
        if error.errcode == rules.NO_CONTACT:
            return ContactPage(contacts=(), next_cursor="", reached=len(userids))
        raise
    with mappers.reading(endpoint):
        contacts = tuple(
            mappers.contact(row["external_contact"], [row["follow_info"]])
            for row in answer.get("external_contact_list") or ()
        )
        following = answer.get("next_cursor") or ""
    following = "" if following == cursor else following
    last = contacts[-1].follow[0].userid if contacts and following else ""
    reached = userids.index(last) if last in userids else 0
    return ContactPage(contacts=contacts, next_cursor=following, reached=reached if following else len(userids))


def remark_contact(
    *,
    userid: str,
    external_userid: str,
    remark: str | None = None,
    description: str | None = None,
    company: str | None = None,
    mobiles: Sequence[str] | None = None,
) -> None:
    """Set what a member of staff notes about a friend; None leaves a field alone, `mobiles` replace the old ones.

    Raises WecomLimitError when nothing is given or a text is too long (20, 150, 20 characters).
    """
    endpoint = endpoints.CONTACT_REMARK
    given = {"remark": remark, "description": description, "remark_company": company}
    body: dict[str, object] = {name: text for name, text in given.items() if text is not None}
    for name, most in _REMARK_LIMITS.items():
        rules.check_count(endpoint, f"characters in {name}", len(given[name] or ""), most=most, least=0)
    if mobiles is not None:
        body["remark_mobiles"] = list(mobiles) or [""]  # WeCom clears the list by one empty number
    if not body:
        raise WecomLimitError(endpoint=endpoint.path, detail="nothing to note")
    get_client().call(endpoint, {"userid": userid, "external_userid": external_userid, **body})


def convert_unionid(*, unionid: str, openid: str) -> ConvertedId:
    """Find the customer behind a unionid and openid of the same mini program; verified corps only.

    Somebody who is nobody's customer yet (or outside of the app's range) gets a pending id that lives 90 days.
    """
    endpoint = endpoints.UNIONID_CONVERT
    answer = get_client().call(endpoint, {"unionid": unionid, "openid": openid, "subject_type": 0})
    with mappers.reading(endpoint):
        return ConvertedId(
            external_userid=answer.get("external_userid") or "", pending_id=answer.get("pending_id") or ""
        )
