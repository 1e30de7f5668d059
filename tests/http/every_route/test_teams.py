"""Every route knows nothing of other teams' things, and finds those of one's own."""

import re
from collections.abc import Callable, Mapping

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.factories import spec
from tests.http.every_route.operations import (
    Operation,
    Thing,
)
from tests.http.helpers import problem_of
from tests.keyring import shown
from tests.uploaded import upload_problem

Elsewhere = Callable[[TestClient, Thing, Thing], Response]

OF_SWEEPS = ("get_best_of_jobs", "get_sensitivity_of_jobs", "get_heatmap_of_jobs", "get_settings_of_jobs")


def _of_their_job(what: str) -> Elsewhere:
    """Ask for an answer about a sweep that is another team's job."""
    return lambda client, ours, theirs: client.get(
        f"/v1/sweeps/{what}", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
    )


IDS_ELSEWHERE: Mapping[tuple[str, str], tuple[Elsewhere, int | None]] = {
    ("compare_jobs", "job_ids"): (
        lambda client, ours, theirs: client.post(
            "/v1/comparisons", json={"job_ids": [theirs.ids["job_id"]]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("get_jobs_figure", "job_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/figures/loss", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    **{
        (f"get_{what}_of_jobs", "job_id"): (_of_their_job(what), 404)
        for what in ("best", "sensitivity", "heatmap", "settings")
    },
    ("get_previews", "job_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/previews", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        None,  # an empty list
    ),
    ("stream_events", "job_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/events", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("move_job", "before"): (
        lambda client, ours, theirs: client.post(
            ours.path("/v1/jobs/{job_id}/move"), json={"before": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("create_key", "member_id"): (
        lambda client, ours, theirs: client.post(
            "/v1/keys", json={"name": "k", "member_id": theirs.ids["member_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("list_keys", "member_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/keys", params={"member_id": theirs.ids["member_id"]}, headers=shown(ours.key)
        ),
        None,  # an empty list
    ),
}
"""Ids that are not in a path: by operation and field, a request with one of another team, and its status."""


def test_every_id_outside_of_a_path_is_known(served: FastAPI) -> None:
    document = served.openapi()
    found = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            names = [each["name"] for each in operation.get("parameters", []) if each["in"] != "path"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                model = content["schema"].get("$ref", "").rpartition("/")[2]
                names += document["components"]["schemas"].get(model, {}).get("properties", {})
            found |= {
                (operation["operationId"], name) for name in names if name.endswith(("_id", "_ids")) or name == "before"
            }
    assert found == set(IDS_ELSEWHERE)


def test_things_of_another_team_do_not_exist(
    client: TestClient, operations: list[Operation], ours: Thing, theirs: Thing
) -> None:
    tried = set()
    for operation in operations:
        if "{" not in operation.path:
            continue
        for asked, key in ((theirs, ours.key), (ours, theirs.key)):
            answer = operation.request(client, asked, key)
            assert answer.status_code == 404, (operation, answer.text)
            assert answer.json()["type"].endswith("-not-found"), operation
            assert answer.json()["type"] != "urn:ayla:problem:not-found", operation
        tried.add(operation.name)
    assert len(tried) > 30


def test_a_thing_of_ours_does_not_lead_to_one_of_theirs(
    client: TestClient, operations: list[Operation], ours: Thing, theirs: Thing
) -> None:
    for operation in operations:
        names = [name for name in ours.ids if f"{{{name}}}" in operation.path]
        for name in names[1:]:
            mixed = Thing(ours.ids | {name: theirs.ids[name]}, ours.key, ours.owner)
            assert operation.request(client, mixed, ours.key).status_code == 404, operation


def test_ids_of_another_team_lead_to_nothing_wherever_they_stand(
    client: TestClient, ours: Thing, theirs: Thing
) -> None:
    for name, (request, status) in IDS_ELSEWHERE.items():
        answer = request(client, ours, theirs)
        assert answer.status_code == (status or 200), name
        assert status or answer.json()["data"] == [], name
    for dataset in ("theirs", theirs.ids["dataset_id"]):
        body = spec(problem=upload_problem(dataset=dataset))
        for path in ("/v1/jobs", "/v1/jobs:validate"):
            problem_of(client.post(path, json=body, headers=shown(ours.key)), 422, "invalid-request")


def test_lists_hold_nothing_of_another_team(
    client: TestClient, operations: list[Operation], ours: Thing, theirs: Thing
) -> None:
    lists = [each for each in operations if each.method == "GET" and "{" not in each.path and not each.is_stream]
    assert len(lists) > 8
    secrets = set(theirs.ids.values()) | {theirs.owner.team_id}
    for operation in lists:
        text = operation.request(client, ours, ours.key).text
        assert not [secret for secret in secrets if secret in text], operation
    filtered = client.get("/v1/jobs", params={"owner": theirs.owner.name}, headers=shown(ours.key))
    assert filtered.json()["data"] == []


def test_ids_in_capitals_are_the_same_ids(client: TestClient, operations: list[Operation], ours: Thing) -> None:
    tried = set()
    for operation in operations:
        is_figure = operation.name in ("get_figure", "get_jobs_figure")
        if operation.method != "GET" or "{" not in operation.path or is_figure:
            continue
        asked = Operation(operation.name, "HEAD", operation.path, is_stream=True) if operation.is_stream else operation
        answers = [asked.request(client, thing, ours.key) for thing in (ours, ours.in_capitals())]
        assert answers[0].status_code < 400, operation
        told = [re.sub(r'"(at|now|generated_at|as_of)":"[^"]*"', "", answer.text) for answer in answers]
        assert (answers[0].status_code, told[0]) == (answers[1].status_code, told[1]), operation
        tried.add(operation.name)
    assert len(tried) > 15
    for name, (request, _) in IDS_ELSEWHERE.items():
        if name[0] not in ("stream_events", "get_jobs_figure", *OF_SWEEPS):
            answer = request(client, ours, ours.in_capitals())
            assert answer.status_code in ((200, 201) if name[0] != "move_job" else (409,)), (name, answer.text)
            assert answer.json().get("data") != [], name
    params = {"job_id": ours.ids["job_id"].upper()}
    assert client.head("/v1/events", params=params, headers=shown(ours.key)).status_code == 200
    twice = {"job_ids": [ours.ids["job_id"], params["job_id"]]}
    problem_of(client.post("/v1/comparisons", json=twice, headers=shown(ours.key)), 422, "invalid-request")
    by_id = upload_problem(dataset=ours.ids["dataset_id"].upper())
    with_id = upload_problem(dataset="ours", id=ours.ids["dataset_id"].upper())
    for problem in (by_id, with_id):
        found = client.post("/v1/jobs:validate", json=spec(problem=problem), headers=shown(ours.key))
        assert found.json()["resolved"]["problem"]["dataset"]["id"] == ours.ids["dataset_id"]


def test_what_is_refused_to_others_is_there_for_us(
    client: TestClient, operations: list[Operation], ours: Thing
) -> None:
    """Else the tests above would be passed by routes that find nothing at all. The last, as it changes everything."""
    for operation in operations:
        if operation.is_stream or operation.name in ("sign_in", "sign_out"):
            continue
        status = operation.request(client, ours.in_capitals(), ours.key).status_code
        assert status < 500, operation
        assert status not in (401, 403, 404, 405, 422, 429) or operation.name == "get_figure", (operation, status)
