"""The usual stack for such a market, as small as it can be: Django, DRF, gunicorn and Celery. Only for measuring."""
