"""The pages themselves: one small HTML frame each, with the styles and scripts of this package; nothing from elsewhere."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

FRAME = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>WeCom emulator</title>
<link rel="icon" href="/phone/static/icon.svg">
<link rel="stylesheet" href="/phone/static/style.css">
</head>
<body data-page="{page}">
<div id="app"></div>
<script type="module" src="/phone/static/{page}.js"></script>
</body>
</html>
"""


def _frame(page: str) -> HTMLResponse:
    return HTMLResponse(FRAME.format(page=page))


async def _home(request: Request) -> Response:
    return _frame("home")


async def _customer(request: Request) -> Response:
    return _frame("customer")


async def _staff(request: Request) -> Response:
    return _frame("staff")


async def _admin(request: Request) -> Response:
    return _frame("admin")


async def _static(request: Request) -> Response:
    file = STATIC / Path(request.path_params["name"]).name
    if file.suffix not in TYPES or not file.is_file():
        return PlainTextResponse("no such file", status_code=404)
    return FileResponse(file, media_type=TYPES[file.suffix], headers={"Cache-Control": "no-cache"})


def page_routes() -> list[Route]:
    """Return the routes of the pages."""
    return [
        Route("/", _home, methods=["GET"]),
        Route("/emulator/", _home, methods=["GET"]),
        Route("/phone/", _home, methods=["GET"]),
        Route("/phone/customers/{actor_id}", _customer, methods=["GET"]),
        Route("/phone/staff/{actor_id}", _staff, methods=["GET"]),
        Route("/phone/admin", _admin, methods=["GET"]),
        Route("/phone/static/{name}", _static, methods=["GET"]),
    ]
