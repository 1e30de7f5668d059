"""Requests at the edges of what jobs and their lists take, over HTTP."""

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("parameter", ["created_from", "created_before"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_list_takes_any_time_there_is(client: TestClient, job_id: str, parameter: str, time: str) -> None:
    response = client.get("/v1/jobs", params={parameter: time})
    assert response.status_code == 200
    found = [job["id"] for job in response.json()["data"]]
    assert found == ([job_id] if (parameter == "created_from") == time.startswith("0001") else [])


def test_a_repeated_clone_is_answered_though_the_original_is_deleted(client: TestClient, job_id: str) -> None:
    def clone() -> tuple[int, dict[str, str], bytes]:
        response = client.post(f"/v1/jobs/{job_id}/clone", json={"name": "copy"}, headers={"Idempotency-Key": "k"})
        headers = {name: response.headers.get(name, "") for name in ("Location", "Idempotent-Replayed")}
        return response.status_code, headers, response.content

    status, headers, content = clone()
    assert (status, headers["Idempotent-Replayed"]) == (202, "")
    assert client.post(f"/v1/jobs/{job_id}/cancel").status_code == 202
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 204
    assert clone() == (202, headers | {"Idempotent-Replayed": "true"}, content)
    assert client.post(f"/v1/jobs/{job_id}/clone", json={"name": "copy"}).status_code == 404


def test_an_unprintable_label_is_refused_beside_another(client: TestClient) -> None:
    response = client.get("/v1/jobs", params={"problem": "a\0b", "tag": "x"})
    assert response.status_code == 422


def test_an_empty_change_makes_no_new_version(client: TestClient, job_id: str) -> None:
    before = client.get(f"/v1/jobs/{job_id}")
    changed = client.patch(f"/v1/jobs/{job_id}", json={}, headers={"If-Match": before.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == before.headers["ETag"]


def test_a_job_is_tried_again_from_the_archive(client: TestClient, job_id: str) -> None:
    client.post(f"/v1/jobs/{job_id}/cancel")
    assert client.patch(f"/v1/jobs/{job_id}", json={"archived": True}, headers={"If-Match": "*"}).status_code == 200
    again = client.post(f"/v1/jobs/{job_id}/retry")
    assert again.status_code == 202
    assert again.json()["archived_at"] is None
