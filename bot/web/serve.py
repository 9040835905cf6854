"""The application under uvicorn, with open event streams ended as soon as a stop is asked for."""

from __future__ import annotations

from types import FrameType
from typing import Optional

import uvicorn
from starlette.applications import Starlette


class Server(uvicorn.Server):
    """Tells the application's streams to end; uvicorn would wait for them."""

    def handle_exit(self, sig: int, frame: Optional[FrameType]) -> None:
        """On SIGINT or SIGTERM."""
        app: Starlette = self.config.app  # type: ignore[assignment]
        app.state.web.closing.set()
        super().handle_exit(sig, frame)


def server(app: Starlette, host: str, port: int, proxies: str = "127.0.0.1") -> Server:
    """A server for `app`; `await it.serve()` or `it.run()`. `proxies`: whose X-Forwarded-* headers are believed."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        log_config=None,
        access_log=False,
        ws="none",  # Rasa pins a websockets that uvicorn cannot use
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=30,
    )
    return Server(config)
