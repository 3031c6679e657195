"""Product albums: externalcontact/{add,get,update,delete}_product_album and get_product_album_list."""

import re
from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import characters, living_media, object_of, objects, string
from wecom_emulator.state.catalog import Product
from wecom_emulator.state.messages import PURPOSE_ALBUM

DESCRIPTION_CHARACTERS = 300
MOST_PRICE_FEN = 5_000_000
PRODUCT_SN = re.compile(r"[0-9A-Za-z]{0,128}\Z")
IMAGES = 9


def _description(call: Call) -> str:
    value = characters(call.body, "description", most=DESCRIPTION_CHARACTERS, too_long=45002)
    if not value:
        raise WeComError(40063)
    return value


def _price(call: Call) -> int:
    price = call.body.get("price")
    if not isinstance(price, int) or isinstance(price, bool) or not 0 <= price <= MOST_PRICE_FEN:
        raise WeComError(40058, "invalid Request Parameter: price is in fen, at most 5000000")
    return price


def _product_sn(call: Call) -> str:
    value = call.text("product_sn")
    if not PRODUCT_SN.match(value):
        raise WeComError(40058, "invalid Request Parameter: product_sn is at most 128 letters and digits")
    return value


def _attachments(call: Call) -> list[dict[str, Any]]:
    rows = objects(call.body, "attachments", most=IMAGES)
    if not rows:
        raise WeComError(40063)
    for row in rows:
        if row.get("type") != "image":
            raise WeComError(41065)
        image = object_of(row.get("image"), "image")
        living_media(call.world, string(image, "media_id", most=512), "image", purpose=PURPOSE_ALBUM)
    return rows


def _product(call: Call) -> Product:
    product = call.corp.products.get(call.text("product_id", missing=40063))
    if product is None:
        raise WeComError(40058, "invalid Request Parameter: product_id")
    return product


def _row(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "description": product.description,
        "price": product.price,
        "create_time": product.create_time,
        "product_sn": product.product_sn,
        "attachments": product.attachments,
    }


@post("externalcontact/add_product_album", "customer")
def add_product(call: Call) -> Answer:
    """Answer add_product_album; description and price are needed, one to nine images of upload_attachment type 2."""
    product = Product(
        product_id=call.corp.new_id("product", "pr"),
        description=_description(call),
        price=_price(call),
        product_sn=_product_sn(call),
        attachments=_attachments(call),
        create_time=call.world.clock.seconds(),
        agent_id=call.app.agent_id,
    )
    call.corp.products[product.product_id] = product
    return {"product_id": product.product_id}


@post("externalcontact/get_product_album", "customer")
def get_product(call: Call) -> Answer:
    """Answer get_product_album."""
    return {"product": _row(_product(call))}


@post("externalcontact/get_product_album_list", "customer")
def list_products(call: Call) -> Answer:
    """Answer get_product_album_list."""
    limit = call.limit(default=50, most=100)
    page, cursor = call.page(list(call.corp.products.values()), limit=limit)
    return {"product_list": [_row(product) for product in page], "next_cursor": cursor}


@post("externalcontact/update_product_album", "customer")
def update_product(call: Call) -> Answer:
    """Answer update_product_album: only what is given changes; a given list of images replaces the old one."""
    product = _product(call)
    description = _description(call) if call.has("description") else product.description
    price = _price(call) if call.has("price") else product.price
    product_sn = _product_sn(call) if call.has("product_sn") else product.product_sn
    attachments = _attachments(call) if call.has("attachments") else product.attachments
    product.description, product.price = description, price
    product.product_sn, product.attachments = product_sn, attachments
    return {}


@post("externalcontact/delete_product_album", "customer")
def delete_product(call: Call) -> Answer:
    """Answer delete_product_album."""
    del call.corp.products[_product(call).product_id]
    return {}
