"""What the gateway writes by mail: a few plain lines, as text and as simple HTML."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from string import Template

from gateway.settings import GatewaySettings
from gateway.usecases.mails import INVITATION, KNOWN, RESET, Letter

PAGES = {INVITATION: "invitations", RESET: "password-resets", KNOWN: "sign-in"}


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject, lines before the link, words on the link, lines after it; ``$name`` and ``$company`` are filled in."""

    subject: str
    before: str
    link: str
    after: str


TEXTS = {
    ("en", INVITATION): Wording(
        "Your invitation to Offcut",
        "Hello $name, $company has invited you to Offcut, the marketplace for surplus paper.",
        "Accept and choose a password",
        "The link works once, for seven days.",
    ),
    ("de", INVITATION): Wording(
        "Ihre Einladung zu Offcut",
        "Guten Tag $name, $company lädt Sie zu Offcut ein, dem Marktplatz für Restposten von Papier.",
        "Einladung annehmen und Passwort wählen",
        "Der Link gilt einmal, sieben Tage lang.",
    ),
    ("en", RESET): Wording(
        "Choose a new password",
        "Hello $name, somebody, probably you, asked for a new password at Offcut.",
        "Choose a new password",
        "The link works once, for half an hour. If it was not you, do nothing: your password stays as it is.",
    ),
    ("de", RESET): Wording(
        "Neues Passwort wählen",
        "Guten Tag $name, jemand, vermutlich Sie, hat bei Offcut um ein neues Passwort gebeten.",
        "Neues Passwort wählen",
        "Der Link gilt einmal, eine halbe Stunde lang. Waren Sie es nicht, ist nichts zu tun: Ihr Passwort bleibt.",
    ),
    ("en", KNOWN): Wording(
        "You have an account already",
        "Hello $name, somebody registered at Offcut with your address. You have an account already.",
        "Sign in",
        "If it was not you, there is nothing to do.",
    ),
    ("de", KNOWN): Wording(
        "Sie haben schon ein Konto",
        "Guten Tag $name, jemand hat sich bei Offcut mit Ihrer Adresse registriert. Sie haben schon ein Konto.",
        "Anmelden",
        "Waren Sie es nicht, ist nichts zu tun.",
    ),
}


def message_of(letter: Letter, settings: GatewaySettings) -> EmailMessage:
    """The mail; the same Message-ID each time. Raises ``ValueError`` for an address we cannot use."""
    mail = letter.mail
    language = "de" if (mail.language or "").startswith("de") else "en"
    wording = TEXTS[language, mail.kind]
    filled = {"name": mail.name or "", "company": mail.organization_name or "Offcut"}
    address = f"{settings.public_url}/mvp/app/{PAGES[mail.kind]}{f'/{letter.token}' if letter.token else ''}"
    before = Template(wording.before).safe_substitute(filled)
    user, _, domain = mail.address.rpartition("@")

    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{mail.id}@{settings.from_address.rpartition('@')[2]}>"
    message["Date"] = format_datetime(mail.created_at)
    message["From"] = Address(settings.from_name, addr_spec=settings.from_address)
    message["To"] = Address("", user, domain)
    message["Subject"] = wording.subject
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = language
    message.set_content(f"{before}\n\n{wording.link}:\n{address}\n\n{wording.after}\n")
    message.add_alternative(
        f'<!doctype html><html lang="{language}"><body style="font:16px/1.5 sans-serif;color:#1c1c1a">'
        f'<p>{escape(before)}</p><p><a href="{escape(address)}">{escape(wording.link)}</a></p>'
        f"<p>{escape(wording.after)}</p></body></html>",
        subtype="html",
    )
    return message
