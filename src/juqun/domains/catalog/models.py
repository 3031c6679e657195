from django.db import models


class Product(models.Model):
    """Chain-wide master data, the same for every reader: no personal data, hence no scope."""

    product_ref = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=100, blank=True)
    department = models.CharField(max_length=100, blank=True)
    brand = models.CharField(max_length=100, blank=True)
    price_fen = models.BigIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["category"], name="catalog_product_category")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price_fen__isnull=True) | models.Q(price_fen__gte=0),
                name="catalog_price_not_negative",
            ),
        ]
