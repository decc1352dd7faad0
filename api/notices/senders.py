"""Hands a message to its channel: webhook, e-mail, web push. Web messages need no sender: pages read them."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Final

import httpx

from api.auth import vault
from api.errors import ChannelClosed, NotDelivered
from api.notices.addresses import require_reachable
from api.notices.mail import send_mail
from api.notices.messages import Outgoing
from api.notices.push import Gone, Pusher
from api.notices.webhook import post_webhook
from api.settings import Settings
from data.notices import Delivery, list_push, remove_push
from data.pool import Pool
from twin.notices import Step

TIMEOUT_S: Final = 10.0
_BOUND_TO: Final = "notices"


class Senders:
    """The channels of one process. Its web client follows no redirection and takes no proxy from the environment."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings, self._pool = settings, pool
        self._client: httpx.AsyncClient | None = None
        self.pusher = Pusher(settings.var_dir, settings.smtp_sender)

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        return self._client

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()

    def require_open(self, step: Step) -> None:
        """Look whether a step can be taken at all.

        Raises
        ------
        ChannelClosed
            When its channel is not set up, or may not go to its host.
        """
        if step.channel == "webhook":
            require_reachable(step.to, self._settings.notice_hosts)
        if step.channel == "email" and not self._settings.smtp_host:
            raise ChannelClosed("no mail server is set: HEAT_TWIN_SMTP_HOST")
        if step.channel == "push" and not self._settings.notice_hosts:
            raise ChannelClosed(
                "web push needs the hosts of the browsers' push services in HEAT_TWIN_NOTICE_HOSTS; none is named"
            )

    def seal(self, secret: str) -> str:
        """Encrypt the secret of a webhook for the store."""
        key = vault.load_key(self._settings.var_dir)
        return base64.b64encode(vault.encrypt(key, secret.encode(), app_id=_BOUND_TO)).decode()

    def _unseal(self, sealed: str) -> bytes:
        if not sealed:
            return b""
        return vault.decrypt(vault.load_key(self._settings.var_dir), base64.b64decode(sealed), app_id=_BOUND_TO)

    async def send(self, delivery: Delivery, message: Outgoing) -> None:
        """Send a message.

        Raises
        ------
        NotDelivered, ChannelClosed
            When it did not reach its recipient.
        """
        target: dict[str, Any] = delivery.target
        if delivery.channel == "webhook":
            url = require_reachable(target["to"], self._settings.notice_hosts)
            secret = self._unseal(target.get("secret", ""))
            form, digest = target.get("format", "json"), target.get("digest", "sha256")
            await post_webhook(self._http, message, url=url, form=form, secret=secret, digest=digest)
        elif delivery.channel == "email":
            await asyncio.to_thread(send_mail, self._settings, message, to=target["to"])
        elif delivery.channel == "push":
            await self._push(delivery.seat_id, message)
        else:
            raise NotDelivered(f"there is no sender for {delivery.channel!r}", final=True)

    async def _push(self, seat_id: int | None, message: Outgoing) -> None:
        """Push to every browser of a seat; one that took it is told again when another fails, and shows it once."""
        browsers = [] if seat_id is None else await list_push(self._pool, seat_id)
        if seat_id is None or not browsers:
            raise NotDelivered(f"seat {seat_id} has no browser that takes web push", final=True)
        failures: list[NotDelivered | ChannelClosed] = []
        for browser in browsers:
            try:
                require_reachable(browser.endpoint, self._settings.notice_hosts)
                await self.pusher.push(self._http, message, browser)
            except Gone as error:
                await remove_push(self._pool, seat_id, browser.endpoint)
                failures.append(error)
            except (NotDelivered, ChannelClosed) as error:
                failures.append(error)
        if failures:
            final = all(getattr(error, "final", True) for error in failures)
            reached = len(browsers) - len(failures)
            if not (final and reached):
                raise NotDelivered(f"{len(failures)} of {len(browsers)} browsers: {failures[0]}", final=final)
