"""A Bot API on loopback: the methods the gateway calls, with Telegram's refusals, and faults on demand."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any, Optional

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.up import free_port

BOT = {"id": 4242, "is_bot": True, "first_name": "Rapport", "username": "rapport_test_bot"}
TOKEN = "4242:TEST-token_abcdefghijklmnopqrstuvwxyz012"
SENDS = {"sendMessage", "sendPhoto", "sendDocument"}


class Drop(Exception):
    """The connection is to be broken without an answer."""


class StandIn:
    """`chats` holds what each chat got, in order. Message numbers count over all private chats, as Telegram's do."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.chats: dict[int, list[dict[str, Any]]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.updates: list[dict[str, Any]] = []
        self.number, self.update_id = 100, 9000
        self.webhook: dict[str, Any] = {}
        self.blocked: set[int] = set()
        self.gone: set[int] = set()
        self.migrated: dict[int, int] = {}
        self.faults: Optional[Callable[[str, dict[str, Any]], Optional[str]]] = None
        self.flood_until: dict[int, float] = {}
        self.too_early = 0
        self.token = TOKEN
        app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])])
        self.server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="critical", ws="none", lifespan="off")
        )
        self.server.install_signal_handlers = lambda: None
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> StandIn:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)

    # People's side ------------------------------------------------------------------------------------------------

    def _add(self, body: dict[str, Any]) -> int:
        with self.lock:
            self.update_id += 1
            update = {"update_id": self.update_id, **body}
            self.updates.append(update)
        return update["update_id"]

    def write(self, chat: int, text: Optional[str] = None, kind: str = "private", **more: Any) -> int:
        """Somebody writes in a chat; the message's number."""
        with self.lock:
            self.number += 1
            number = self.number
        message = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": chat, "type": kind, **({"first_name": "Ada"} if kind == "private" else {"title": "Group"})},
            "from": {"id": abs(chat), "is_bot": False, "first_name": "Ada"},
            **({"text": text} if text is not None else {}),
            **more,
        }
        if text and text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        self._add({"message": message})
        return number

    def edit(self, chat: int, number: int, text: str) -> None:
        """Somebody edits their message."""
        now = int(time.time())
        self._add(
            {
                "edited_message": {
                    "message_id": number, "date": now, "edit_date": now, "text": text,
                    "chat": {"id": chat, "type": "private", "first_name": "Ada"},
                    "from": {"id": chat, "is_bot": False, "first_name": "Ada"},
                }
            }
        )  # fmt: skip

    def press(self, chat: int, message: dict[str, Any], title: str) -> None:
        """Somebody presses a button of a message, whether or not it is shown any more."""
        buttons = [b for line in message["sent_markup"]["inline_keyboard"] for b in line]
        data = next(b["callback_data"] for b in buttons if b["text"] == title)
        self._add(
            {
                "callback_query": {
                    "id": f"q{self.update_id}", "chat_instance": "1", "data": data,
                    "from": {"id": chat, "is_bot": False, "first_name": "Ada"},
                    "message": _public(message),
                }
            }
        )  # fmt: skip

    def membership(self, chat: int, status: str, kind: str = "private") -> None:
        """The bot's standing in a chat changes."""
        before = "member" if status in ("kicked", "left") else "left"  # "kicked" alone has a date
        extra = {"until_date": 0} if status == "kicked" else {}
        self._add(
            {
                "my_chat_member": {
                    "chat": {"id": chat, "type": kind}, "date": int(time.time()),
                    "from": {"id": abs(chat), "is_bot": False, "first_name": "Ada"},
                    "old_chat_member": {"status": before, "user": BOT},
                    "new_chat_member": {"status": status, "user": BOT, **extra},
                }
            }
        )  # fmt: skip

    def got(self, chat: int) -> list[dict[str, Any]]:
        """What a chat got so far."""
        with self.lock:
            return list(self.chats.get(chat, []))

    def texts(self, chat: int) -> list[str]:
        """The texts a chat got so far."""
        return [m.get("text") or m.get("caption") or "" for m in self.got(chat)]

    def wait(self, chat: int, count: int, patience: float = 20) -> list[dict[str, Any]]:
        """Wait until a chat has got `count` messages."""
        deadline = time.monotonic() + patience
        while len(self.got(chat)) < count:
            assert time.monotonic() < deadline, f"chat {chat} got {self.texts(chat)}"
            time.sleep(0.02)
        return self.got(chat)

    def wait_for(self, what: Callable[[], Any], patience: float = 20) -> Any:
        """Wait until `what()` is true."""
        deadline = time.monotonic() + patience
        while not (found := what()):
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.02)
        return found

    def called(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        with self.lock:
            return [a for m, a in self.calls if m == method]

    # The Bot API --------------------------------------------------------------------------------------------------

    async def _serve(self, request: Request) -> Response:
        _, bot, method = request.url.path.split("/", 2)
        if bot != f"bot{self.token}":
            return _refuse(401, "Unauthorized")
        arguments = await _arguments(request)
        chat = int(arguments.get("chat_id") or 0)
        fault = self.faults(method, arguments) if self.faults else None
        if fault == "drop before":
            return Broken()
        with self.lock:
            self.calls.append((method, arguments))
        if method in SENDS:
            if self.flood_until.get(chat, 0) > time.monotonic():
                self.too_early += 1
                fault = "flood"
            if fault == "flood":
                self.flood_until[chat] = time.monotonic() + 0.9
                return _refuse(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        answer = await getattr(self, f"_{method}", self._unknown)(arguments)
        if fault == "slow":
            await asyncio.sleep(0.05)
        return Broken() if fault == "drop after" else answer

    async def _unknown(self, a: dict[str, Any]) -> Response:
        return _refuse(404, "Not Found")

    async def _getMe(self, a: dict[str, Any]) -> Response:
        return _ok(BOT)

    async def _setMyCommands(self, a: dict[str, Any]) -> Response:
        return _ok(True)

    async def _deleteWebhook(self, a: dict[str, Any]) -> Response:
        self.webhook = {}
        return _ok(True)

    async def _setWebhook(self, a: dict[str, Any]) -> Response:
        self.webhook = a
        return _ok(True)

    async def _sendChatAction(self, a: dict[str, Any]) -> Response:
        return _ok(True)

    async def _answerCallbackQuery(self, a: dict[str, Any]) -> Response:
        return _ok(True)

    async def _getUpdates(self, a: dict[str, Any]) -> Response:
        offset = int(a.get("offset") or 0)
        deadline = time.monotonic() + min(float(a.get("timeout") or 0), 2)
        while True:
            with self.lock:
                if offset:
                    self.updates = [u for u in self.updates if u["update_id"] >= offset]
                found = self.updates[: int(a.get("limit") or 100)]
            if found or time.monotonic() > deadline:
                return _ok(found)
            await asyncio.sleep(0.01)

    async def _sendMessage(self, a: dict[str, Any]) -> Response:
        text = a["text"]
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return _refuse(400, "Bad Request: message is too long")
        if a.get("parse_mode") == "HTML":
            import html

            if "<" in text:
                return _refuse(400, "Bad Request: can't parse entities")
            text = html.unescape(text)
        return self._deliver(a, {"text": text})

    async def _sendPhoto(self, a: dict[str, Any]) -> Response:
        photo = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
        return self._deliver(a, {"photo": photo, "caption": a.get("caption", "")}, a["photo"])

    async def _sendDocument(self, a: dict[str, Any]) -> Response:
        document = {"file_id": "f", "file_unique_id": "u"}
        return self._deliver(a, {"document": document, "caption": a.get("caption", "")}, a["document"])

    def _deliver(self, a: dict[str, Any], body: dict[str, Any], content: bytes = b"") -> Response:
        chat = int(a["chat_id"])
        if chat in self.migrated:
            parameters = {"migrate_to_chat_id": self.migrated[chat]}
            return _refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters)
        if chat in self.blocked:
            return _refuse(403, "Forbidden: bot was blocked by the user")
        if chat in self.gone:
            return _refuse(403, "Forbidden: user is deactivated")
        markup = json.loads(a["reply_markup"]) if a.get("reply_markup") else None
        for line in (markup or {}).get("inline_keyboard", []):
            for button in line:
                assert 1 <= len(button["callback_data"].encode()) <= 64, button
        with self.lock:
            self.number += 1
            message = {
                "message_id": self.number, "date": int(time.time()), "from": BOT,
                "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
                **body, **({"reply_markup": markup} if markup else {}),
                "sent_markup": markup, "content": content,
            }  # fmt: skip
            self.chats.setdefault(chat, []).append(message)
        return _ok(_public(message))

    async def _editMessageReplyMarkup(self, a: dict[str, Any]) -> Response:
        chat, number = int(a["chat_id"]), int(a["message_id"])
        found = next((m for m in self.got(chat) if m["message_id"] == number), None)
        if found is None:
            return _refuse(400, "Bad Request: message to edit not found")
        markup = json.loads(a["reply_markup"]) if a.get("reply_markup") else None
        if markup == found.get("reply_markup"):
            return _refuse(400, "Bad Request: message is not modified: specified new message content and reply markup "
                           "are exactly the same as a current content and reply markup of the message")  # fmt: skip
        found.pop("reply_markup", None)
        if markup:
            found["reply_markup"] = markup
        return _ok(_public(found))

    # Webhook ------------------------------------------------------------------------------------------------------

    def post_updates(self, to: str, secret: Optional[str] = None) -> None:
        """Post what waits to the gateway's webhook as Telegram does: again until it is taken, in order."""
        with httpx.Client(trust_env=False, timeout=10) as client:
            while True:
                with self.lock:
                    update = self.updates[0] if self.updates else None
                if update is None:
                    return
                given = self.webhook.get("secret_token", "") if secret is None else secret
                try:
                    answer = client.post(to, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": given})
                except httpx.HTTPError:
                    time.sleep(0.1)
                    continue
                if answer.status_code == 200:
                    with self.lock:
                        self.updates.pop(0)
                else:
                    time.sleep(0.1)


class Broken(Response):
    """Breaks the connection in place of an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        raise Drop


def random_faults(seed: int, share: float) -> Callable[[str, dict[str, Any]], Optional[str]]:
    """429s, connections broken before and after the request was done, slow answers."""
    dice = random.Random(seed)

    def fault(method: str, arguments: dict[str, Any]) -> Optional[str]:
        if method not in SENDS | {"getUpdates"} or dice.random() > share:
            return None
        return dice.choice(["flood", "drop before", "drop after", "slow"] if method in SENDS else ["drop before"])

    return fault


async def _arguments(request: Request) -> dict[str, Any]:
    form = await request.form()
    return {k: await v.read() if isinstance(v, UploadFile) else v for k, v in form.items()}


def _public(message: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in message.items() if k not in ("sent_markup", "content")}


def _ok(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refuse(code: int, words: str, parameters: Optional[dict[str, Any]] = None) -> Response:
    body = {"ok": False, "error_code": code, "description": words}
    return JSONResponse({**body, **({"parameters": parameters} if parameters else {})}, code)
