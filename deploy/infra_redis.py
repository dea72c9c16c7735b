"""`infra-redis`: become the embedded Valkey. `python -m deploy.infra_redis --port 8921`."""

import argparse

from deploy.embedded import ValkeyServer
from deploy.embedded.process import replace_this_process
from deploy.layout import Layout


def server(layout: Layout, port: int) -> ValkeyServer:
    password = layout.secrets()["OFFCUT_VALKEY_PASSWORD"]
    return ValkeyServer(layout.servers / "valkey", port=port, password=password, copies=layout.servers / "programs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    valkey = server(Layout.of_environment(), parser.parse_args().port)
    replace_this_process(valkey.prepare(), account=valkey.account)


if __name__ == "__main__":
    main()
