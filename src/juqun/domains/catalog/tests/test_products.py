import pytest

from juqun.domains.catalog import operations, queries
from juqun.domains.catalog.errors import ProductInvalidError, ProductUnknownError
from juqun.domains.catalog.types import ProductIn, UpsertResult
from juqun.kernel import clock
from juqun.kernel.models import EventRecord

pytestmark = pytest.mark.django_db


def upsert(*products):
    return operations.upsert_products(products=products, at=clock.now())


def prices():
    return list(
        EventRecord.objects.filter(name="catalog.price_changed").order_by("pk").values_list("payload", flat=True)
    )


def test_insert_change_and_leave():
    milk = ProductIn(product_ref="A", name="Milk", price_fen=1_250)
    tea = ProductIn(product_ref="B", name="Tea")
    assert upsert(milk, tea) == UpsertResult(created=2, changed=0, unchanged=0)
    assert upsert(milk, tea) == UpsertResult(created=0, changed=0, unchanged=2)
    assert prices() == [], "the first price is no change"
    cheaper = ProductIn(product_ref="A", name="Milk", price_fen=999)
    assert upsert(milk, cheaper) == UpsertResult(created=0, changed=1, unchanged=0)
    assert prices() == [{"product_ref": "A", "price_fen": 999}]
    assert upsert(ProductIn(product_ref="A", name="Whole milk")).changed == 1
    view = queries.get_product(product_ref="A")
    assert (view.name, view.price_fen) == ("Whole milk", 999)
    assert len(prices()) == 1


def test_bad_products_change_nothing():
    for bad in (
        ProductIn(product_ref=" "),
        ProductIn(product_ref="A", price_fen=-1),
        ProductIn(product_ref="A", name="x" * 201),
    ):
        with pytest.raises(ProductInvalidError):
            upsert(ProductIn(product_ref="G"), bad)
    assert queries.count_products() == 0


def test_reading():
    upsert(*(ProductIn(product_ref=f"P{n}", name=f"Tea {n}", category="TEA" if n % 2 else "MILK") for n in range(5)))
    assert [one.product_ref for one in queries.list_products(category="TEA")] == ["P1", "P3"]
    assert [one.product_ref for one in queries.list_products(text="tea 4")] == ["P4"]
    assert [one.product_ref for one in queries.list_products(limit=2, offset=3)] == ["P3", "P4"]
    assert queries.product_names(product_refs=["P1", "P9"]) == {"P1": "Tea 1"}
    with pytest.raises(ProductUnknownError):
        queries.get_product(product_ref="P9")


def test_dim_of_an_empty_and_a_filled_catalog():
    assert queries.export_products_dim().num_rows == 0
    upsert(ProductIn(product_ref="A", name="Milk", category="DAIRY", department="FRESH", brand="House"))
    assert queries.export_products_dim().to_pylist() == [
        {"product_ref": "A", "name": "Milk", "category": "DAIRY", "department": "FRESH", "brand": "House"}
    ]


def test_import_twice_and_set_aside(tmp_path, settings):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    path = tmp_path / "products.csv"
    path.write_text("product_ref,name,price_yuan\nA,Milk,12.50\nB,Tea,dear\n" + "C" * 65 + ",Long,1\n")
    result = operations.import_products(path=path, actor="Hong")
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (1, 0, 2)
    again = operations.import_products(path=path, actor="Hong")
    assert (again.rows_ok, again.rows_skipped, again.rows_rejected) == (0, 1, 2)
    assert queries.get_product(product_ref="A").price_fen == 1_250
