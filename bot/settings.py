"""The only reader of the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

import msgspec

from bot.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent


class Settings(msgspec.Struct, frozen=True):
    """Everything that can be set; `docs/settings.md` has a row for each (a test checks that)."""

    data: Path
    database_url: str
    tracker_url: str
    knowledge: Path
    models: Path
    host: str
    port: int
    proxies: str
    webs: int
    dialogues: int
    dialogue_urls: tuple[str, ...]
    dialogue_listen: tuple[str, ...]
    dialogue_secret: str
    demo: bool
    notice_after: float
    turn_timeout: float
    telegram_token: str
    telegram_api: str
    telegram_webhook: str
    telegram_secret: str
    telegram_listen: str
    telegram_rate: float
    keep_chat_days: float
    metrics_token: str
    opinion_url: str
    opinion_model: str
    opinion_key: str
    opinion_timeout: float
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_label: str
    passwords: str

    def __repr__(self) -> str:
        """Without the secrets, so that no log and no error shows them."""
        return f"Settings(data={str(self.data)!r}, …)"


VARIABLES = {
    "RAPPORT_DATA": "folder for databases, caches and logs (default: `var` in the project)",
    "DATABASE_URL": "records database (default: SQLite in RAPPORT_DATA)",
    "RAPPORT_TRACKER_URL": "Rasa's tracker store (default: DATABASE_URL if that is PostgreSQL, else a SQLite file)",
    "RAPPORT_KNOWLEDGE": "folder with the content (default: `knowledge` in the project)",
    "RAPPORT_MODELS": "folder with trained Rasa models (default: `models` in the project)",
    "RAPPORT_HOST": "address the web pages listen on (default: 127.0.0.1)",
    "RAPPORT_PORT": "port the web pages listen on (default: 8000)",
    "RAPPORT_PROXIES": "addresses and networks of proxies that say who comes and how (default: 127.0.0.1)",
    "RAPPORT_WEBS": "web processes of `rapport up`, on RAPPORT_PORT and the ports after it (default: 1)",
    "RAPPORT_DIALOGUES": "dialogue processes of `rapport up` (default: one a core, on SQLite two at most)",
    "RAPPORT_DIALOGUE_URL": "where dialogue processes are found, separated by commas (default: set by `rapport up`)",
    "RAPPORT_DIALOGUE_LISTEN": "host:port for each dialogue process here (default: those of RAPPORT_DIALOGUE_URL)",
    "RAPPORT_DIALOGUE_SECRET": "shared secret between web and dialogue (default: made anew by `rapport up`)",
    "RAPPORT_DEMO": "1 shows the demo sign-in, 0 hides it (default: 1 with the embedded SQLite, else 0)",
    "RAPPORT_NOTICE_AFTER": "seconds until a waiting learner is told that the coach is still working (default: 3.5)",
    "RAPPORT_TURN_TIMEOUT": "seconds after which a hanging turn is given up and tried again (default: 20)",
    "RAPPORT_KEEP_CHAT_DAYS": "days after which chats are removed, until an administrator chooses (default: 180)",
    "RAPPORT_METRICS_TOKEN": "lets `/metrics` be read from other machines (default: none, from this one only)",
    "RAPPORT_OIDC_ISSUER": "address of the centre's OpenID Connect provider (default: none, passwords only)",
    "RAPPORT_OIDC_CLIENT_ID": "the name under which the provider knows Rapport",
    "RAPPORT_OIDC_CLIENT_SECRET": "the secret that goes with it",
    "RAPPORT_OIDC_CLIENT_SECRET_FILE": "a file that holds the secret, instead of RAPPORT_OIDC_CLIENT_SECRET",
    "RAPPORT_OIDC_LABEL": "text of the button (default: Sign in with your centre's account)",
    "RAPPORT_PASSWORDS": "who may sign in with a password: everybody or admins (default: everybody)",
    "RAPPORT_OPINION_URL": "OpenAI-compatible endpoint for a second opinion, up to `/v1` (default: none, no opinions)",
    "RAPPORT_OPINION_MODEL": "name of its model",
    "RAPPORT_OPINION_KEY": "its key, where it wants one",
    "RAPPORT_OPINION_KEY_FILE": "file that holds the key instead",
    "RAPPORT_OPINION_TIMEOUT": "seconds after which no second opinion is waited for (default: 20)",
    "TELEGRAM_BOT_TOKEN": "the bot's token; where it is set, `rapport up` starts the Telegram gateway",
    "TELEGRAM_API_URL": "address of the Bot API (default: https://api.telegram.org)",
    "TELEGRAM_WEBHOOK_URL": "public https address to which Telegram posts updates (default: none, updates are polled)",
    "TELEGRAM_WEBHOOK_SECRET": "secret in each post of the webhook (default: made anew at each start)",
    "TELEGRAM_WEBHOOK_LISTEN": "address and port the webhook listens on (default: 127.0.0.1:8081)",
    "TELEGRAM_MESSAGES_PER_SECOND": "most requests a second for the whole bot (default: 30, Telegram's limit)",
}


def read_settings(environ: Optional[Mapping[str, str]] = None) -> Settings:
    """The settings from the environment; SettingsError naming the variable that is wrong."""
    env = os.environ if environ is None else environ
    data = Path(env.get("RAPPORT_DATA") or ROOT / "var").expanduser()
    database = env.get("DATABASE_URL") or f"sqlite:///{data / 'rapport.sqlite'}"
    embedded = not env.get("DATABASE_URL")
    tracker = database if database.startswith("postgresql") else f"sqlite:///{data / 'tracker.sqlite'}"
    urls = _addresses(env)
    return Settings(
        data=data,
        database_url=database,
        tracker_url=env.get("RAPPORT_TRACKER_URL") or tracker,
        knowledge=Path(env.get("RAPPORT_KNOWLEDGE") or ROOT / "knowledge"),
        models=Path(env.get("RAPPORT_MODELS") or ROOT / "models"),
        host=env.get("RAPPORT_HOST") or "127.0.0.1",
        port=_whole(env, "RAPPORT_PORT", 8000, 1, 65535),
        proxies=_proxies(env),
        webs=_whole(env, "RAPPORT_WEBS", 1, 1, 64),
        dialogues=_whole(env, "RAPPORT_DIALOGUES", min(2 if database.startswith("sqlite") else 64, _cores()), 1, 64),
        dialogue_urls=urls,
        dialogue_listen=_places(env, urls),
        dialogue_secret=env.get("RAPPORT_DIALOGUE_SECRET") or "",
        demo=_switch(env, "RAPPORT_DEMO", embedded),
        notice_after=_number(env, "RAPPORT_NOTICE_AFTER", 3.5, 0.1, 60),
        turn_timeout=_number(env, "RAPPORT_TURN_TIMEOUT", 20, 0.5, 600),
        telegram_token=_token(env),
        telegram_api=_address(env, "TELEGRAM_API_URL", ("https://", "http://")) or "https://api.telegram.org",
        telegram_webhook=_address(env, "TELEGRAM_WEBHOOK_URL", ("https://",)),
        telegram_secret=_webhook_secret(env),
        telegram_listen=_host_and_port(env, "TELEGRAM_WEBHOOK_LISTEN", "127.0.0.1:8081"),
        telegram_rate=_number(env, "TELEGRAM_MESSAGES_PER_SECOND", 30, 1, 1000),
        keep_chat_days=_number(env, "RAPPORT_KEEP_CHAT_DAYS", 180, 1, 36500),
        metrics_token=_long(env, "RAPPORT_METRICS_TOKEN"),
        opinion_url=_address(env, "RAPPORT_OPINION_URL", ("https://", "http://")),
        opinion_model=_opinion_model(env),
        opinion_key=_opinion_key(env),
        opinion_timeout=_number(env, "RAPPORT_OPINION_TIMEOUT", 20, 0.1, 120),
        oidc_issuer=_issuer(env),
        oidc_client_id=_with_issuer(env, "RAPPORT_OIDC_CLIENT_ID", env.get("RAPPORT_OIDC_CLIENT_ID") or ""),
        oidc_client_secret=_with_issuer(env, "RAPPORT_OIDC_CLIENT_SECRET", _secret(env, "RAPPORT_OIDC_CLIENT_SECRET")),
        oidc_label=(env.get("RAPPORT_OIDC_LABEL") or "Sign in with your centre's account").strip()[:80],
        passwords=_passwords(env),
    )


def run_file(data: Path) -> Path:
    """Where a running system says how to reach its dialogue process (readable by this user only)."""
    return data / "run.json"


def telegram_file(data: Path) -> Path:
    """Where the Telegram gateway writes the bot's name once it is connected."""
    return data / "telegram.bot"


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SettingsError(f"{name} is {text!r}; it must be a number from {low:g} to {high:g}.")
    return value


def _token(env: Mapping[str, str]) -> str:
    token = (env.get("TELEGRAM_BOT_TOKEN") or "").strip()
    if token and not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{10,100}", token):
        raise SettingsError(
            "TELEGRAM_BOT_TOKEN is not a bot token; they look like 123456:ABC… and come from @BotFather."
        )
    return token


def _long(env: Mapping[str, str], name: str) -> str:
    secret = env.get(name) or ""
    if secret and not re.fullmatch(r"[!-~]{16,256}", secret):
        raise SettingsError(f"{name} needs 16 to 256 characters without spaces.")
    return secret


def _secret(env: Mapping[str, str], name: str) -> str:
    """From the variable, or from the file that NAME_FILE names."""
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name) or ""
    if env.get(name):
        raise SettingsError(f"Set {name} or {name}_FILE, not both.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE cannot be read: {path} ({type(error).__name__}).") from error


def _issuer(env: Mapping[str, str]) -> str:
    """The provider's address without its discovery path; plain http only on this machine."""
    text = _address(env, "RAPPORT_OIDC_ISSUER", ("https://", "http://localhost", "http://127.0.0.1"))
    if re.match(r"http://(localhost|127\.0\.0\.1)[^:/]", text):
        raise SettingsError("RAPPORT_OIDC_ISSUER must begin with https://.")
    return text.removesuffix("/.well-known/openid-configuration")


def _with_issuer(env: Mapping[str, str], name: str, value: str) -> str:
    if env.get("RAPPORT_OIDC_ISSUER") and not value:
        raise SettingsError(f"RAPPORT_OIDC_ISSUER is set, so {name} must be set too; the provider's console shows it.")
    return value


def _passwords(env: Mapping[str, str]) -> str:
    who = (env.get("RAPPORT_PASSWORDS") or "everybody").strip().lower()
    if who not in ("everybody", "admins"):
        raise SettingsError(f"RAPPORT_PASSWORDS is {who!r}; it must be everybody or admins.")
    if who == "admins" and not env.get("RAPPORT_OIDC_ISSUER"):
        raise SettingsError("RAPPORT_PASSWORDS is admins, so RAPPORT_OIDC_ISSUER must be set for the others.")
    return who


def _opinion_model(env: Mapping[str, str]) -> str:
    model = (env.get("RAPPORT_OPINION_MODEL") or "").strip()
    if env.get("RAPPORT_OPINION_URL") and not model:
        raise SettingsError("RAPPORT_OPINION_MODEL must name the model where RAPPORT_OPINION_URL is set.")
    return model


def _opinion_key(env: Mapping[str, str]) -> str:
    key, file = env.get("RAPPORT_OPINION_KEY") or "", env.get("RAPPORT_OPINION_KEY_FILE")
    if file:
        try:
            key = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError("RAPPORT_OPINION_KEY_FILE names a file that cannot be read.") from None
    if not re.fullmatch(r"[!-~]{0,500}", key):
        raise SettingsError("RAPPORT_OPINION_KEY may have 500 characters at most, without spaces.")
    return key


def _webhook_secret(env: Mapping[str, str]) -> str:
    secret = env.get("TELEGRAM_WEBHOOK_SECRET") or ""
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret):
        raise SettingsError("TELEGRAM_WEBHOOK_SECRET needs 16 to 256 letters, digits, _ or -.")
    return secret


def _address(env: Mapping[str, str], name: str, beginnings: tuple[str, ...]) -> str:
    address = (env.get(name) or "").strip().rstrip("/")
    if address and not address.startswith(beginnings):
        raise SettingsError(f"{name} must begin with {' or '.join(beginnings)}.")
    return address


def _cores() -> int:
    """Cores of this process; 1 elsewhere than on Linux, where a process that has loaded a lot is not forked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _addresses(env: Mapping[str, str]) -> tuple[str, ...]:
    text = env.get("RAPPORT_DIALOGUE_URL") or "http://127.0.0.1:5005"
    urls = tuple(each.strip().rstrip("/") for each in text.split(",") if each.strip())
    if not urls or not all(re.fullmatch(r"http://[^\s/@?#]+:\d{1,5}", url) for url in urls):
        raise SettingsError(
            f"RAPPORT_DIALOGUE_URL is {text!r}; it looks like http://10.0.0.5:5005,http://10.0.0.6:5005."
        )
    return urls


def _places(env: Mapping[str, str], urls: tuple[str, ...]) -> tuple[str, ...]:
    text = env.get("RAPPORT_DIALOGUE_LISTEN") or ",".join(url.removeprefix("http://") for url in urls)
    return tuple(_place(each.strip(), "RAPPORT_DIALOGUE_LISTEN", "127.0.0.1:5005") for each in text.split(","))


def _proxies(env: Mapping[str, str]) -> str:
    text = env.get("RAPPORT_PROXIES") or "127.0.0.1"
    try:
        return ",".join(str(ipaddress.ip_network(each.strip())) for each in text.split(","))
    except ValueError as error:
        raise SettingsError(f"RAPPORT_PROXIES: {error}; it looks like 10.0.0.7,172.18.0.0/16.") from error


def _host_and_port(env: Mapping[str, str], name: str, default: str) -> str:
    return _place(env.get(name) or default, name, default)


def _place(text: str, name: str, like: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SettingsError(f"{name} is {text!r}; it looks like {like}.")
    return text


def _whole(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = _number(env, name, default, low, high)
    if value != int(value):
        raise SettingsError(f"{name} is {env[name]!r}; it must be a whole number.")
    return int(value)


def _switch(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = (env.get(name) or str(int(default))).strip().lower()
    if text not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise SettingsError(f"{name} is {text!r}; it must be 1 or 0.")
    return text in {"1", "true", "yes", "on"}
