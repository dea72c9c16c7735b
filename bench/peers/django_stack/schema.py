"""Make the peer's tables: ``python -m bench.peers.django_stack.schema``."""

from bench.peers.django_stack import api


def main() -> None:
    """Create a table per model; the peer needs no migrations to be measured."""
    from django.db import connection

    with connection.schema_editor() as editor:
        for noun in api.NOUNS:
            editor.create_model(noun)


if __name__ == "__main__":
    main()
