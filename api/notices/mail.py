"""Sends a message by e-mail (SMTP)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from api.errors import NotDelivered
from api.notices.messages import Outgoing
from api.settings import Settings

TIMEOUT_S: Final = 15.0
_FINAL_CODES: Final = range(500, 600)


def write_mail(message: Outgoing, *, sender: str, to: str) -> EmailMessage:
    """Return the mail: subject and text in UTF-8; a repeat has the same Message-ID, so that mail programs show it once."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = " ".join(message.title.split())
    mail["Date"] = format_datetime(message.made_at)
    mail["Message-ID"] = f"<{message.key}@heat-twin>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.level == 1:
        mail["X-Priority"] = "1"
    mail.set_content(message.body + "\n")
    return mail


def send_mail(settings: Settings, message: Outgoing, *, to: str) -> None:
    """Send a message; blocks, so it runs in a thread.

    Raises
    ------
    NotDelivered
        When no mail server is set, it cannot be reached, or it refuses.
    """
    if not settings.smtp_host:
        raise NotDelivered("HEAT_TWIN_SMTP_HOST is not set: no mail is sent", final=True)
    mail = write_mail(message, sender=settings.smtp_sender, to=to)
    try:
        with _connect(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, _password(settings))
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise NotDelivered(f"the mail server refuses {to}: {code} {_text(said)}", final=code in _FINAL_CODES) from None
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"cannot send by {settings.smtp_host}:{settings.smtp_port}: {type(error).__name__} {error}") from None


def _connect(settings: Settings) -> smtplib.SMTP:
    address = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_tls == "tls":
        return smtplib.SMTP_SSL(*address, timeout=TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(*address, timeout=TIMEOUT_S)
    if settings.smtp_tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _password(settings: Settings) -> str:
    path = settings.smtp_password_file
    return "" if path is None else path.read_text(encoding="utf-8").rstrip("\r\n")


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace")[:200] if isinstance(said, bytes) else said[:200]
