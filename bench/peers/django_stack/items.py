"""Our own lots, served by Django REST framework with JSON web tokens: the request path of the stack replaced.

Generous to the peer: no rules of who sees what, no count of all rows, and the token is checked without a look into the
database, as SimpleJWT's stateless authentication does.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_stack.items_settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

import jwt
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import DefaultRouter

NUMBERS = ("gsm", "weight_net_kg", "weight_gross_kg", "brightness_iso", "price", "price_per_t")
INTEGERS = ("version", "listing_cycle", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm", "caliper_um",
            "reel_count", "pallet_count", "sheet_count")  # fmt: skip
TEXTS = ("status", "lot_ref", "product_name", "grade_code", "grade_raw", "form", "grain", "weight_band",
         "quality_class", "surplus_reason", "colour", "currency", "price_unit", "incoterm", "location_country",
         "location_place", "remarks", "lot_key", "header_fingerprint")  # fmt: skip
DATES = ("available_from", "valid_until", "expires_on")
INSTANTS = ("listed_at", "reserved_until", "created_at", "updated_at")


class Caller:
    """Who a token speaks of."""

    is_authenticated = True

    def __init__(self, claims):
        self.id = claims["user_id"]


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request):
        _scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"], options={"require": ["exp"]})
        except jwt.PyJWTError as error:
            raise AuthenticationFailed from error
        return Caller(claims), claims


class Mill(models.Model):
    organization_id = models.UUIDField(primary_key=True)
    name = models.TextField()
    country = models.TextField()
    status = models.TextField()

    class Meta:
        managed = False
        app_label = "django_stack"
        db_table = '"catalog"."organization_replica"'


def _members():
    members = {name: models.DecimalField(max_digits=14, decimal_places=2, null=True) for name in NUMBERS}
    members |= {name: models.IntegerField(null=True) for name in INTEGERS}
    members |= {name: models.TextField(null=True) for name in TEXTS}
    members |= {name: models.DateField(null=True) for name in DATES}
    members |= {name: models.DateTimeField(null=True) for name in INSTANTS}
    members |= {name: ArrayField(models.TextField()) for name in ("certification", "defects")}
    return members


Lot = type(
    "Lot",
    (models.Model,),
    {
        "__module__": __name__,
        "item_id": models.UUIDField(primary_key=True),
        "mill": models.ForeignKey(Mill, models.DO_NOTHING, db_column="mill_id"),
        **_members(),
        "Meta": type("Meta", (), {"managed": False, "app_label": "django_stack", "db_table": '"catalog"."item"'}),
    },
)


class MillSerializer(serializers.ModelSerializer):
    class Meta:
        model = Mill
        fields = ("organization_id", "name", "country")


class LotSerializer(serializers.ModelSerializer):
    mill = MillSerializer()

    class Meta:
        model = Lot
        fields = ("item_id", "mill", *NUMBERS, *INTEGERS, *TEXTS, *DATES, *INSTANTS, "certification", "defects")


class Pages(CursorPagination):
    page_size = 50
    ordering = ("-listed_at", "-item_id")


class Lots(viewsets.ReadOnlyModelViewSet):
    serializer_class = LotSerializer
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)
    pagination_class = Pages

    def get_queryset(self):
        found = Lot.objects.select_related("mill").filter(status="available", mill__status="approved")
        asked = self.request.query_params
        if "grade_code" in asked:
            found = found.filter(grade_code=asked["grade_code"])
        if "gsm__gte" in asked:
            found = found.filter(gsm__gte=asked["gsm__gte"])
        return found


router = DefaultRouter()
router.register("items", Lots, basename="item")
urlpatterns = [path("api/", include(router.urls))]
