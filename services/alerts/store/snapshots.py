"""Snapshots in an object store: a folder here, a bucket in production."""

import hashlib
from collections.abc import Sequence

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url


class Snapshots:
    """Every failure of the store is an OSError, the world's fault, whatever kind of store it is."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = from_url(url)

    async def write(self, name: str, snapshot: bytes) -> str:
        """Its checksum, by which it is known to be whole when it is read."""
        try:
            await obstore.put_async(self._store, name, snapshot)
        except BaseError as error:
            raise OSError(f"snapshot {name} was not written: {error}") from error
        return hashlib.sha256(snapshot).hexdigest()

    async def read(self, name: str, checksum: str) -> bytes | None:
        """The snapshot; None if it is gone or other bytes than were written."""
        try:
            answer = await obstore.get_async(self._store, name)
            snapshot = bytes(await answer.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise OSError(f"snapshot {name} was not read: {error}") from error
        return snapshot if hashlib.sha256(snapshot).hexdigest() == checksum else None

    async def remove(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                await obstore.delete_async(self._store, name)
            except FileNotFoundError:
                continue  # somebody tidied up before us
            except BaseError as error:
                raise OSError(f"snapshot {name} was not removed: {error}") from error
