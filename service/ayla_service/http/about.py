"""What the contract says of the API as a whole: what it is, where it is, and its subjects."""

from typing import Any

ABOUT: dict[str, Any] = {
    "summary": "Optimization as a service: run and compare optimizers, AYLA among them.",
    "description": (
        "Submit a job (a problem and optimizers), follow it by events, read its trials, figures and comparison. "
        "Jobs of a team share one queue.\n\n"
        "- **Keys** are sent as `Authorization: Bearer ayla_…`. A service without keys listens on the loopback "
        "address alone and asks for none. Browsers exchange one for the cookie of a session.\n"
        "- **Errors** are problem+json (RFC 9457): each names the field, what is wrong and what would be right.\n"
        "- **Lists** are pages of `data` with a `next_cursor`, null on the last one.\n"
        "- **Repeating** a POST is safe with an `Idempotency-Key`.\n"
        "- **Fields with a default** can be left out of requests. What tells the members of a union apart (`name`, "
        "`type`) can not.\n"
        "- **What clients should expect**: versions of `/v1` only add. Ignore fields that you do not know."
    ),
    "license_info": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    "contact": {"name": "The AYLA service's contributors"},
    "servers": [{"url": "/", "description": "The service that this document comes from."}],
    "openapi_tags": [
        {"name": "jobs", "description": "What is to be optimized, by which optimizers: submitted, changed, cancelled."},
        {"name": "trials", "description": "One optimizer setting with one seed each, and its results in numbers."},
        {"name": "events", "description": "Jobs as they run, as streams of Server-Sent Events."},
        {"name": "comparisons", "description": "Which optimizer is better, by how much and how certain that is."},
        {"name": "sweeps", "description": "The best of many settings, and what the numbers that differ do."},
        {"name": "figures", "description": "Results as pictures: SVG, PNG and PDF."},
        {"name": "datasets", "description": "Uploaded tables that models are trained on."},
        {
            "name": "catalogue",
            "description": "Everything that a job can name: optimizers, functions, presets and more.",
        },
        {"name": "queue", "description": "The team's queue: what runs and waits, and how long."},
        {"name": "workers", "description": "The processes that run jobs."},
        {"name": "teams", "description": "The caller, the team, its members and their limits."},
        {"name": "keys", "description": "API keys: made, rotated, revoked."},
        {"name": "sessions", "description": "Browsers that are signed in to the service's own pages."},
        {"name": "webhooks", "description": "Messages to receivers of the team's own when jobs end."},
        {"name": "health", "description": "Whether the service lives and can work; needs no key."},
    ],
}
"""Arguments of FastAPI. The address is relative: of the committed document it is that of whoever serves it."""

NO_KEY: dict[str, Any] = {"security": []}
"""``openapi_extra`` of a route that needs no key, which the contract has to say."""
