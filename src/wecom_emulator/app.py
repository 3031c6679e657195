"""The ASGI application: WeCom's API, its code pictures, and the admin API over one world."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import segno
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from wecom_emulator.admin import admin_routes
from wecom_emulator.dispatch import cgi_handler
from wecom_emulator.login_pages import login_routes
from wecom_emulator.phone.pages import page_routes
from wecom_emulator.rules.pictures import picture_of
from wecom_emulator.world import World

CODE_CONTENT = "https://work.weixin.qq.com/u/{config_id}"
"""What the picture of a live code says when a phone reads it."""


async def _gone(_: Request, __: Exception) -> Response:
    """Whoever hung up before the whole request was here has asked nothing."""
    return Response(status_code=400)


def create_app(world: World) -> Starlette:
    """Return the application for a world; its callback connections close with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await world.stop_background()
        await world.sender.close()
        world.commit()

    async def code_picture(request: Request) -> Response:
        config_id = request.path_params["config_id"]
        if config_id not in world.corp.contact_ways and config_id not in world.corp.join_ways:
            return PlainTextResponse("no such code", status_code=404)
        picture = io.BytesIO()
        segno.make_qr(CODE_CONTENT.format(config_id=config_id)).save(picture, kind="png", scale=6)
        return Response(picture.getvalue(), media_type="image/png")

    async def kept_picture(request: Request) -> Response:
        media = picture_of(world, request.path_params["mark"])
        if media is None:
            return PlainTextResponse("no such picture", status_code=404)
        return Response(media.content, media_type=media.content_type, headers={"X-Content-Type-Options": "nosniff"})

    routes = [
        Route("/cgi-bin/{path:path}", cgi_handler(world), methods=["GET", "POST"]),
        Route("/wwpic/{config_id}", code_picture, methods=["GET"]),
        Route("/mmbiz/{mark}", kept_picture, methods=["GET"]),
        *page_routes(),
        *login_routes(world),
        *admin_routes(world),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={ClientDisconnect: _gone})
    app.state.world = world
    return app
