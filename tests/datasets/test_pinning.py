"""A job on an uploaded dataset: found in the caller's team, checked against its columns, pinned to its content."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.datasets.pinning import fill_in_uploads, pin_uploads
from ayla_service.datasets.service import DatasetService
from ayla_service.db.session import Database
from ayla_service.teams.principal import LOCAL, Principal
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, SpecIssue, resolve

from tests.factories import jobs, spec, stranger
from tests.uploaded import FLOWERS, upload, upload_problem

pytestmark = pytest.mark.every_store


@pytest.fixture
def database(store_path: Path) -> Iterator[Database]:
    """SQLite alone: what of this depends on SQL, the tests of datasets have on both."""
    store = Database(f"sqlite:///{store_path}")
    yield store
    store.dispose()


def _pinned(database: Database, document: dict[str, Any], caller: Principal = LOCAL) -> ResolvedJobSpec:
    """As a submission does it: filled in, resolved, and looked up again when it is stored."""
    with database.read() as session:
        filled = fill_in_uploads(session, caller, JobSpec.model_validate(document))
    with database.write() as session:
        return pin_uploads(session, caller, resolve(filled))


def _dataset(resolved: ResolvedJobSpec) -> dict[str, Any]:
    dataset: dict[str, Any] = resolved.model_dump(mode="json")["problem"]["dataset"]
    return dataset


def _issues(database: Database, caller: Principal = LOCAL, **dataset: Any) -> list[SpecIssue]:
    with pytest.raises(SpecError) as refused:
        _pinned(database, spec(problem=upload_problem(**dataset)), caller)
    return refused.value.issues


@pytest.mark.parametrize("by_id", [False, True], ids=["by name", "by id"])
def test_a_name_becomes_a_content(database: Database, by_id: bool) -> None:
    stored = upload(database)
    upload(database, name="other")
    given = upload_problem(dataset=stored.id if by_id else "flowers", task="classification")
    found = _dataset(_pinned(database, spec(problem=given)))
    assert (found["id"], found["digest"]) == (stored.id, stored.digest)
    assert (found["rows"], found["feature_count"], found["class_count"]) == (30, 2, 3)


def test_epochs_are_counted_in_its_samples(database: Database) -> None:
    upload(database)
    problem = {**upload_problem(test_fraction=0.5), "batch_size": 4}
    assert _pinned(database, spec(problem=problem, budget={"epochs": 3})).budget.steps == 3 * 4


def test_the_rules_of_a_problem_know_its_size(database: Database) -> None:
    upload(database)
    with pytest.raises(SpecError) as refused:
        _pinned(database, spec(problem={**upload_problem(test_fraction=0.5), "batch_size": 16}))
    assert refused.value.issues == [
        SpecIssue("/problem/batch_size", "There are 15 training samples; use at most that, or null for all of them.")
    ]
    predictions = {"predictions_at": [1]}
    resolved = _pinned(database, spec(problem=upload_problem(inputs=["width"]), record=predictions))
    assert resolved.record.predictions_at == [1]
    with pytest.raises(SpecError, match="one number is predicted from one"):
        _pinned(database, spec(problem=upload_problem(), record=predictions))
    [issue] = _issues(database, task="classification", test_fraction=0.95)
    assert issue.pointer == "/problem/dataset/test_fraction"


def test_a_resolved_spec_can_be_submitted_again(database: Database) -> None:
    upload(database)
    first = jobs(database).submit(spec(problem=upload_problem()))
    again = jobs(database).submit(first.resolved.model_dump(mode="json"))
    assert again.resolved == first.resolved


def test_what_is_not_filled_in_before_is_when_the_job_is_stored(database: Database) -> None:
    """The last look is enough by itself, but for epochs."""
    stored = upload(database)
    with database.write() as session:
        found = pin_uploads(session, LOCAL, resolve(JobSpec.model_validate(spec(problem=upload_problem()))))
    assert _dataset(found)["id"] == stored.id
    assert found == _pinned(database, spec(problem=upload_problem()))


def test_specs_without_uploads_stay_as_they_are(database: Database) -> None:
    given = JobSpec.model_validate(spec())
    with database.write() as session:
        assert fill_in_uploads(session, LOCAL, given) is given
        resolved = resolve(given)
        assert pin_uploads(session, LOCAL, resolved) is resolved


def test_facts_of_the_user_are_not_believed(database: Database) -> None:
    upload(database)
    found = _dataset(_pinned(database, spec(problem=upload_problem(rows=999_999, feature_count=1, class_count=7))))
    assert (found["rows"], found["feature_count"], found["class_count"]) == (30, 2, None)


def test_a_dataset_of_another_team_does_not_exist(database: Database) -> None:
    other = stranger(database)
    stored = upload(database, caller=other)
    ways: list[dict[str, Any]] = [{}, {"dataset": stored.id}, {"id": stored.id, "digest": stored.digest}]
    for named in ways:
        [issue] = _issues(database, **named)
        assert issue.pointer == "/problem/dataset/dataset"
        assert "The team has no dataset" in issue.detail
    [issue] = _issues(database, id=stored.id)
    assert issue.pointer == "/problem/dataset/id"
    assert _dataset(_pinned(database, spec(problem=upload_problem()), other))["id"] == stored.id


def test_of_two_teams_each_gets_its_own(database: Database) -> None:
    other = stranger(database)
    theirs, ours = upload(database, caller=other), upload(database)
    # The same content: only the team tells them apart.
    pinned_to_theirs = upload_problem(id=theirs.id, digest=theirs.digest)
    assert _dataset(_pinned(database, spec(problem=pinned_to_theirs)))["id"] == ours.id


def test_the_same_content_uploaded_again_is_the_same(database: Database) -> None:
    first = upload(database)
    pinned = _pinned(database, spec(problem=upload_problem())).model_dump(mode="json")
    DatasetService(database).delete(LOCAL, first.id)
    [issue] = _issues(database, **pinned["problem"]["dataset"])
    assert issue.pointer == "/problem/dataset/dataset"
    again = upload(database)
    assert again.id != first.id
    assert _dataset(_pinned(database, pinned))["id"] == again.id


def test_other_content_under_the_name_is_told(database: Database) -> None:
    first = upload(database)
    pinned = _pinned(database, spec(problem=upload_problem())).model_dump(mode="json")
    DatasetService(database).delete(LOCAL, first.id)
    upload(database, FLOWERS + b"0,0,0\n")
    [issue] = _issues(database, **pinned["problem"]["dataset"])
    assert issue.pointer == "/problem/dataset/digest"


def test_a_dataset_that_is_deleted_in_between_is_missed(database: Database) -> None:
    stored = upload(database)
    with database.read() as session:
        filled = fill_in_uploads(session, LOCAL, JobSpec.model_validate(spec(problem=upload_problem())))
    DatasetService(database).delete(LOCAL, stored.id)
    with database.write() as session, pytest.raises(SpecError, match="The team has no dataset"):
        pin_uploads(session, LOCAL, resolve(filled))


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a dataset nearly named": ({"dataset": "flower"}, "dataset", "Did you mean 'flowers'?"),
    "a target nearly named": ({"target": "targets"}, "target", "Did you mean 'target'?"),
    "a target that is not there": ({"target": "price"}, "target", "It has: 'width', 'height', 'target'."),
    "an input that is not there": ({"inputs": ["width", "depth"]}, "inputs/1", "no column 'depth'"),
    "a target among the inputs": ({"inputs": ["target"]}, "inputs/0", "This column is the target"),
    "an input twice": ({"inputs": ["width", "width"]}, "inputs/1", "stands twice"),
    "fractions as classes": ({"target": "width", "task": "classification"}, "task", "30 different values"),
    "classes below 0": ({"target": "height", "task": "classification"}, "task", "from -29 to 0, whole numbers"),
}


@pytest.mark.parametrize(("dataset", "field", "message"), WRONG.values(), ids=WRONG)
def test_mistakes_are_told_at_submission(database: Database, dataset: dict[str, Any], field: str, message: str) -> None:
    upload(database)
    [issue] = _issues(database, **dataset)
    assert issue.pointer == f"/problem/dataset/{field}"
    assert message in issue.detail
