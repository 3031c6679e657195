"""External contacts: who the customers are, and which staff they are friends with."""

from collections.abc import Iterator, Sequence

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import Contact

USERS_PER_BATCH = 100
CONTACTS_PER_PAGE = 100


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
    endpoint = endpoints.CONTACT_BATCH
    for start in range(0, len(userids), USERS_PER_BATCH):
        body = {"userid_list": list(userids[start : start + USERS_PER_BATCH]), "limit": CONTACTS_PER_PAGE}
        try:
            for page in get_client().pages(endpoint, body):
                with mappers.reading(endpoint):
                    rows = [
                        mappers.contact(row["external_contact"], [row["follow_info"]])
                        for row in page.get("external_contact_list", ())
                    ]
                yield from rows
        except WecomRefusedError as error:
            if error.errcode != rules.NO_CONTACT:
                raise
