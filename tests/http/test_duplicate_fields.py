"""An object that has a field twice is refused, wherever it stands and whatever stands beside it."""

import json

import pytest
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.helpers import pointers, problem_of

JSON = {"Content-Type": "application/json"}


def test_a_field_that_stands_twice_is_named(client: TestClient) -> None:
    content = json.dumps(spec())[:-1] + ', "budget": {"steps": 5}}'
    problem = problem_of(client.post("/v1/jobs", content=content, headers=JSON), 422, "invalid-request")
    assert problem["detail"] == "The body: The field 'budget' stands twice in an object; give it once."
    document = json.dumps(spec())
    for before, after, pointer in (
        ('"optimizers": [{', '"optimizers": [{"a/b": 1, "a/b": 2, ', "/optimizers/0"),
        ('"optimizers": [{', '"x~y": {"z": {"a": [{}, {"b": 1, "b": {}}]}}, "optimizers": [{', "/x~0y/z/a/1"),
        ('"optimizers": [{', '"a": {"b": {"c": 1, "c": 2}, "b": 3}, "optimizers": [{', "/a"),
    ):
        assert before in document
        content = document.replace(before, after)
        problem = problem_of(client.post("/v1/jobs", content=content, headers=JSON), 422, "invalid-request")
        assert pointers(problem) == [pointer]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ['": a"', '"a\\": "', '"b\\\\"', '"\u3a22\u223a"', '"x:y"', '"plain"'])
def test_no_text_hides_that_a_field_stands_twice(client: TestClient, text: str, encoding: str) -> None:
    """Neither one with what looks like a field, nor one with characters whose bytes do."""
    content = f'{json.dumps(spec())[:-1]}, "notes": {text}, "seeds": [1], "seeds": [1]}}'.encode(encoding)
    problem = problem_of(client.post("/v1/jobs:validate", content=content, headers=JSON), 422, "invalid-request")
    assert problem["detail"] == "The body: The field 'seeds' stands twice in an object; give it once."
    once = f'{json.dumps(spec())[:-1]}, "notes": {text}}}'.encode(encoding)
    assert client.post("/v1/jobs:validate", content=once, headers=JSON).status_code == 200
