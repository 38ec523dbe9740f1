"""The core over HTTP: renders, OpenAI's image generation, scores, models, health and metrics."""

from zimage_core.service.app import create_app, interface

__all__ = ["create_app", "interface"]
