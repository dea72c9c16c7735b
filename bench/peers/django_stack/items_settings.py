"""Settings of the peer that serves our lots: as in ``settings``, with tokens and pages as such projects have them."""

from bench.peers.django_stack.settings import *  # noqa: F403

SECRET_KEY = "only measured, never reached, and long enough"  # noqa: S105 - a throwaway process on loopback
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "bench.peers.django_stack.items"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
