from tests.support.imap import mail_server, mail_session

__all__ = ["mail_server", "mail_session"]
