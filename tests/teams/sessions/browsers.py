"""Browsers and programs beside them, as a service with sessions sees them."""

import httpx2
from ayla_service.db.models import SessionRow
from ayla_service.db.session import Database, store_now
from ayla_service.teams.tokens import digest_of
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

URL = "http://ayla.test:8642"
NAME = "ayla_session_8642"
OWN = {"Origin": URL, "Sec-Fetch-Site": "same-origin"}


def another(app: FastAPI, url: str = URL, **headers: str) -> TestClient:
    """Another browser or program."""
    return TestClient(app, url, headers=headers)


def sign_in(browser: TestClient, key: str) -> httpx2.Response:
    answer = browser.post("/v1/session", json={"key": key})
    assert answer.status_code == 201, answer.text
    return answer


def token_of(browser: TestClient) -> str:
    token = browser.cookies[NAME]
    assert isinstance(token, str)
    return token


def with_cookie(token: str, name: str = NAME) -> dict[str, str]:
    return {"Cookie": f"{name}={token}"}


def rows(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(SessionRow)) or 0


def expire(database: Database, token: str) -> None:
    with database.write() as session:
        row = update(SessionRow).where(SessionRow.digest == digest_of(token))
        session.execute(row.values(expires_at=store_now(session)))
