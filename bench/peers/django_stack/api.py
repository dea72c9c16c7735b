"""A REST resource for each noun, and the WSGI application that gunicorn serves: ``...api:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_stack.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()  # before the models can be imported

from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.routers import DefaultRouter

from bench.peers.django_stack import models

NOUNS = (
    models.Organization, models.Batch, models.Item, models.Requirement, models.Match, models.Window, models.Delivery,
)  # fmt: skip


def resource(noun):
    """The viewset of one model with all of its fields."""
    meta = type("Meta", (), {"model": noun, "fields": "__all__"})
    serializer = type(f"{noun.__name__}Serializer", (serializers.ModelSerializer,), {"Meta": meta})
    body = {"queryset": noun.objects.order_by("id"), "serializer_class": serializer}
    return type(f"{noun.__name__}ViewSet", (viewsets.ModelViewSet,), body)


router = DefaultRouter()
for noun in NOUNS:
    router.register(noun.__name__.lower(), resource(noun))
urlpatterns = [path("api/", include(router.urls))]
