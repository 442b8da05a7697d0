"""alerts over HTTP: a module for what comes in, another for what came of it."""

from fastapi import APIRouter

from services.alerts.api import episodes, ingest

router = APIRouter()
router.include_router(ingest.router)
router.include_router(episodes.router)
