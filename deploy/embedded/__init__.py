"""The servers Offcut brings along: PostgreSQL from npm and Valkey from PyPI, or those the host has installed."""

from deploy.embedded.place import Account, server_account
from deploy.embedded.postgres import PostgresServer
from deploy.embedded.process import ServerFailed
from deploy.embedded.valkey import ValkeyServer

__all__ = ["Account", "PostgresServer", "ServerFailed", "ValkeyServer", "server_account"]
