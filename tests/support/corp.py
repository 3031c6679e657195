"""A whole corp for the emulator, and what is true there as plain sets to compare with."""

from dataclasses import dataclass
from typing import Any

import httpx

BEGUN = 1_451_606_400  # seconds; the first friendship of a generated corp, the others a second apart


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTruth:
    """What is so at the emulator: friendships (userid, external_userid) of staff who work there, chats with their customers, staff."""

    friends: set[tuple[str, str]]
    chats: dict[str, set[str]]
    staff: set[str]


class EmulatedCorp:
    """The emulator's admin side of one corp."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=f"{base_url}/emulator/", timeout=120)

    def load(self, *, userids: list[str], contacts: int, chats: int = 0, chat_size: int = 30) -> None:
        """Put a corp in place: `contacts` friendships spread evenly, every seventh person a friend of a second member of staff."""
        corp = self.http.get("corp").json()
        people = [f"wm{number:030d}" for number in range(contacts)]
        corp["staff"] = {one: {"userid": one, "name": one.title(), "department": [1]} for one in userids}
        corp["persons"] = {
            one: {"external_userid": one, "name": f"C{number}", "unionid": f"o{number}", "gender": number % 3}
            for number, one in enumerate(people)
        }
        corp["friendships"] = {one: {} for one in userids}
        for number, external_userid in enumerate(people):
            owners = {number % len(userids)} | ({(number + 1) % len(userids)} if number % 7 == 0 else set())
            for owner in owners:
                corp["friendships"][userids[owner]][external_userid] = {
                    "userid": userids[owner],
                    "external_userid": external_userid,
                    "createtime": BEGUN + number,
                    "state": f"lc_{number % 5}" if number % 10 == 0 else "",
                    "remark_mobiles": [f"139{number:08d}"] if number % 4 == 0 else [],
                }
        corp["chats"] = {
            f"wrc{number:028d}": _chat(f"wrc{number:028d}", userids[number % len(userids)], people, number, chat_size)
            for number in range(chats)
        }
        answer = self.http.put("corp", json=corp)
        assert answer.status_code == 200, answer.text

    def act(self, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Let actors do something, in one batch; every action must succeed."""
        results: list[dict[str, Any]] = []
        for start in range(0, len(actions), 500):
            answer = self.http.post("actors/batch", json={"actions": actions[start : start + 500]})
            assert answer.status_code == 200, answer.text
            results += answer.json()["results"]
        assert not [one for one in results if "error" in one], results
        return results

    def truth(self) -> CorpTruth:
        """What is so now."""
        corp = self.http.get("corp").json()
        employed = {userid for userid, one in corp["staff"].items() if one.get("status", 1) != 5}
        people = set(corp["persons"])
        return CorpTruth(
            friends={
                (userid, one)
                for userid, friends in corp["friendships"].items()
                if userid in employed
                for one in friends
            },
            chats={
                chat_id: set(chat["members"]) & people
                for chat_id, chat in corp["chats"].items()
                if chat.get("dismissed_at") is None
            },
            staff=employed,
        )

    def calls(self, path: str) -> list[dict[str, Any]]:
        """The calls of an endpoint that were answered with success."""
        rows = self.http.get("calls", params={"path": path, "limit": "20000"}).json()["calls"]
        return [row for row in rows if row["errcode"] == 0]

    def close(self) -> None:
        """Close the connection."""
        self.http.close()


def _chat(chat_id: str, owner: str, people: list[str], number: int, size: int) -> dict[str, Any]:
    inside = [people[(number * size + offset) % len(people)] for offset in range(size)]
    members = {one: {"userid": one, "type": 2, "join_time": BEGUN + 1, "join_scene": 3} for one in inside}
    members[owner] = {"userid": owner, "type": 1, "join_time": BEGUN}
    return {"chat_id": chat_id, "name": f"G{number}", "owner": owner, "create_time": BEGUN, "members": members}
