from typing import Any

from wecom_emulator.tests.conftest import PNG, Desk
from wecom_emulator.tests.test_moments import attached

AREA = "externalcontact"


def product(desk: Desk, **changes: Any) -> dict[str, Any]:
    picture = {"type": "image", "image": {"media_id": attached(desk, purpose=2)}}
    return {"description": "Tea", "price": 3800, "product_sn": "T1", "attachments": [picture], **changes}


def test_products_are_kept(desk: Desk):
    body = product(desk)
    product_id = desk.ok(f"{AREA}/add_product_album", **body)["product_id"]
    shown = desk.ok(f"{AREA}/get_product_album", product_id=product_id)["product"]
    assert shown == {"product_id": product_id, "create_time": 1511755200, **body}
    desk.ok(f"{AREA}/update_product_album", product_id=product_id, price=0, product_sn="")
    shown = desk.ok(f"{AREA}/get_product_album", product_id=product_id)["product"]
    assert (shown["price"], shown["product_sn"], shown["description"]) == (0, "", "Tea")
    desk.ok(f"{AREA}/add_product_album", **body)
    page = desk.ok(f"{AREA}/get_product_album_list", limit=1)
    rest = desk.ok(f"{AREA}/get_product_album_list", limit=1, cursor=page["next_cursor"])
    assert (page["product_list"][0]["product_id"], len(rest["product_list"]), rest["next_cursor"]) == (
        product_id,
        1,
        "",
    )
    desk.ok(f"{AREA}/delete_product_album", product_id=product_id)
    assert desk.post(f"{AREA}/get_product_album", product_id=product_id)["errcode"] == 40058


def test_products_are_checked(desk: Desk):
    message = {"type": "image", "image": {"media_id": desk.upload("image", PNG)["media_id"]}}
    good = product(desk)
    cases: list[tuple[dict[str, Any], int]] = [
        ({"description": "x" * 301}, 45002),
        ({"description": ""}, 40063),
        ({"price": 5_000_001}, 40058),
        ({"price": 5_000_000}, 0),
        ({"price": "38"}, 40058),
        ({"product_sn": "a-1"}, 40058),
        ({"attachments": good["attachments"] * 10}, 40058),
        ({"attachments": []}, 40063),
        ({"attachments": [message]}, 40007),
        ({"attachments": [{"type": "video"}]}, 41065),
    ]
    assert [desk.post(f"{AREA}/add_product_album", **{**good, **change})["errcode"] for change, _ in cases] == [
        code for _, code in cases
    ]
