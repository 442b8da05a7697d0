"""What Holdfast uses of Faust 0.15.3, typed; everything else of it is none of our business."""

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from faust.transport.drivers.aiokafka import Consumer, Transport
from yarl import URL

class Settings:
    broker_request_timeout: float
    broker_consumer: list[URL]

class Topic: ...

class Stream(AsyncIterator[Any]):
    async def __anext__(self) -> Any: ...

class Signal:
    def connect(self, receiver: Callable[..., Awaitable[None]]) -> Any: ...

class App:
    conf: Settings
    loop: AbstractEventLoop
    consumer: Consumer
    rebalancing: bool
    unassigned: bool
    should_stop: bool
    consumer_generation_id: int
    crash_reason: BaseException | None
    on_partitions_revoked: Signal
    on_before_shutdown: Signal
    def __init__(self, id: str, **options: Any) -> None: ...
    def _new_transport(self) -> Transport: ...
    def topic(self, *topics: str, **options: Any) -> Topic: ...
    def agent(
        self, channel: Topic, *, name: str | None = None
    ) -> Callable[[Callable[[Any], Awaitable[None]]], Any]: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def finalize(self) -> None: ...
