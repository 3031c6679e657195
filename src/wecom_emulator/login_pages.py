"""The pages of the WeCom client's browser: OAuth inside the client, and the QR login of a desktop browser.

Nobody is logged in here, so the page asks who is looking: `as=USERID` in the url, the cookie of the last choice, or a
small list to choose from.
"""

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from wecom_emulator.callbacks import with_query
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import login
from wecom_emulator.world import World

COOKIE = "wecom_emulator_as"
SHOWN = 100
"""How many members the list shows; others are reached by their userid in the field above it."""

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:32em;margin:2em auto;padding:0 1em}}li{{margin:.4em 0}}</style>
<h1>{title}</h1>{content}</html>"""


def _page(title: str, content: str, *, status: int = 200) -> HTMLResponse:
    return HTMLResponse(PAGE.format(title=escape(title), content=content), status_code=status)


def _chooser(world: World, request: Request) -> HTMLResponse:
    given = {name: value for name, value in request.query_params.items() if name != "as"}
    hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in given.items())
    rows: list[str] = []
    for staff in world.corp.staff.values():
        if len(rows) == SHOWN:
            break
        if world.corp.employed(staff.userid) is not None:
            link = escape(f"{request.url.path}?{urlencode({**given, 'as': staff.userid})}")
            rows.append(f'<li><a href="{link}">{escape(staff.name)}</a> <code>{escape(staff.userid)}</code></li>')
    field = '<input name="as" placeholder="userid or external_userid" required autofocus><button>Go</button>'
    return _page("Who is looking?", f"<form>{hidden}{field}</form><ul>{''.join(rows)}</ul>")


def _visit(world: World, request: Request, *, members_only: bool) -> Response:
    query = request.query_params
    redirect_uri, state = query.get("redirect_uri", ""), query.get("state", "")
    try:
        login.check_request(world, appid=query.get("appid", ""), redirect_uri=redirect_uri, state=state)
        visitor = query.get("as") or request.cookies.get(COOKIE, "")
        if not visitor:
            return _chooser(world, request)
        userid, external = login.visitor_of(world, visitor, members_only=members_only)
        code = login.give_code(world, userid, external=external, scope=query.get("scope", ""))
    except WeComError as error:
        return _page("Error", f"<p>errcode {error.errcode}: {escape(error.text)}</p>", status=400)
    answer = RedirectResponse(with_query(redirect_uri, code=code, state=state), status_code=302)
    answer.set_cookie(COOKIE, visitor, httponly=True, samesite="lax")
    return answer


def login_routes(world: World) -> list[Route]:
    """Return the routes of both pages."""

    async def authorize(request: Request) -> Response:
        if request.query_params.get("response_type") != "code":
            return _page("Error", "<p>errcode 40058: response_type should be code</p>", status=400)
        return _visit(world, request, members_only=False)

    async def scan_to_log_in(request: Request) -> Response:
        agent_id = request.query_params.get("agentid", "")
        if not agent_id.isdigit() or world.corp.app_of(int(agent_id)) is None:
            return _page("Error", "<p>errcode 40056: invalid agentid</p>", status=400)
        return _visit(world, request, members_only=True)

    return [
        Route("/connect/oauth2/authorize", authorize, methods=["GET"]),
        Route("/wwopen/sso/qrConnect", scan_to_log_in, methods=["GET"]),
    ]
