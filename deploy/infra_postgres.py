"""`infra-postgres`: become the embedded PostgreSQL. `python -m deploy.infra_postgres --port 8920`."""

import argparse

from deploy.embedded import PostgresServer
from deploy.embedded.process import replace_this_process
from deploy.layout import POSTGRES_ADMIN, Layout


def server(layout: Layout, port: int) -> PostgresServer:
    password = layout.secrets()[POSTGRES_ADMIN]
    return PostgresServer(layout.postgres_data, port=port, password=password, copies=layout.servers / "programs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    postgres = server(Layout.of_environment(), parser.parse_args().port)
    replace_this_process(postgres.prepare(), account=postgres.account)


if __name__ == "__main__":
    main()
