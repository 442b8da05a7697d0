"""alerts over HTTP: a module for what comes in, another for what came of it."""

from fastapi import APIRouter

router = APIRouter()
