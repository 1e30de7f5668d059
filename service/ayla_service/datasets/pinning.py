"""Pinning of uploads: finds the dataset that a submitted job names, checks that they fit, and fills in its id."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, TypeVar

from ayla_data.errors import shown
from ayla_data.names import no_column
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, SpecIssue, resolve
from ayla_spec.datasets import UploadDataset
from ayla_spec.limits import MAX_FEATURES
from ayla_spec.problems import DatasetProblem
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import as_stored
from ayla_service.db.models import DatasetRow
from ayla_service.db.session import Database
from ayla_service.teams.principal import Principal

_POINTER = "/problem/dataset"

AnySpec = TypeVar("AnySpec", JobSpec, ResolvedJobSpec)


def names_upload(spec: JobSpec | ResolvedJobSpec) -> bool:
    """Whether a job runs on an uploaded dataset, whose size only the store knows."""
    return _upload(spec) is not None


def fill_uploads(database: Database, principal: Principal, spec: JobSpec) -> JobSpec:
    """As ``fill_in_uploads``, in a unit of work of its own if there is an upload.

    Raises:
        SpecError: as there.
    """
    if not names_upload(spec):
        return spec
    with database.read() as session:
        return fill_in_uploads(session, principal, spec)


def fill_in_uploads(session: Session, principal: Principal, spec: AnySpec) -> AnySpec:
    """The spec with the id, digest and size of the uploaded dataset that it names.

    To be done before a spec is resolved, as epochs are counted in samples. A spec without an upload stays as it is.

    Raises:
        SpecError: if the caller's team has no such dataset, it has changed, or the job does not fit it.
    """
    upload = _upload(spec)
    if upload is None:
        return spec
    filled = _filled(upload, _found(session, principal, upload, lock=False))
    return spec.model_copy(update={"problem": spec.problem.model_copy(update={"dataset": filled})})


def pin_uploads(session: Session, principal: Principal, resolved: ResolvedJobSpec) -> ResolvedJobSpec:
    """The resolved spec, after its uploaded dataset was found again; that stays until the transaction ends.

    What a spec says of a dataset is never believed: it is looked up among those of the caller's team.

    Raises:
        SpecError: as ``fill_in_uploads``.
    """
    upload = _upload(resolved)
    if upload is None:
        return resolved
    filled = _filled(upload, _found(session, principal, upload, lock=True))
    if filled == upload:
        return resolved
    document = resolved.model_dump(mode="json")
    document["problem"]["dataset"] = filled.model_dump(mode="json")
    return resolve(JobSpec.model_validate(document))


def _upload(spec: JobSpec | ResolvedJobSpec) -> UploadDataset | None:
    match spec.problem:
        case DatasetProblem(dataset=UploadDataset() as upload):
            return upload
        case _:
            return None


def _found(session: Session, principal: Principal, upload: UploadDataset, *, lock: bool) -> DatasetRow:
    """The dataset that is meant: of the id if there is one, and else of the name.

    One of the same content counts as the same, so that a job can be repeated after its data were uploaded again.
    """
    found = _of_team(session, principal, DatasetRow.id == as_stored(upload.id or upload.dataset), lock=lock)
    if found is None and upload.id is not None and upload.digest is None:
        detail = "The team has no dataset of this id. Leave it out to use the one that has the name now."
        raise SpecError([SpecIssue(f"{_POINTER}/id", detail)])
    found = found or _of_team(session, principal, DatasetRow.name == upload.dataset, lock=lock)
    if found is None:
        raise SpecError([SpecIssue(f"{_POINTER}/dataset", _unknown(session, principal, upload.dataset))])
    if upload.digest not in (None, found.digest):
        detail = f"The team's dataset '{found.name}' has other content. Leave 'id' and 'digest' out to use it as it is."
        raise SpecError([SpecIssue(f"{_POINTER}/digest", detail)])
    return found


def _of_team(session: Session, principal: Principal, which: ColumnElement[bool], *, lock: bool) -> DatasetRow | None:
    """A dataset of the team. Locked, it cannot be deleted until the job that is made now is stored."""
    query = select(DatasetRow).where(DatasetRow.team_id == principal.team_id, which)
    return session.scalar(query.with_for_update(read=True) if lock else query)


def _unknown(session: Session, principal: Principal, name: str) -> str:
    names = list(session.scalars(select(DatasetRow.name).where(DatasetRow.team_id == principal.team_id).limit(1000)))
    close = get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"The team has no dataset {shown(name)}.{hint} POST /v1/datasets uploads one, GET /v1/datasets lists them."


def _filled(upload: UploadDataset, dataset: DatasetRow) -> UploadDataset:
    columns: dict[str, dict[str, Any]] = {column["name"]: column for column in dataset.columns}
    issues = _column_issues(upload, columns) or _target_issues(upload, columns[upload.target])
    if issues:
        raise SpecError(issues)
    facts = {
        "id": dataset.id,
        "digest": dataset.digest,
        "rows": dataset.rows,
        "feature_count": len(upload.inputs) if upload.inputs is not None else len(columns) - 1,
        "class_count": columns[upload.target]["classes"] if upload.has_classes else None,
    }
    return upload.model_copy(update=facts)


def _column_issues(upload: UploadDataset, columns: Collection[str]) -> list[SpecIssue]:
    chosen = [("target", upload.target), *((f"inputs/{place}", name) for place, name in enumerate(upload.inputs or []))]
    issues = [
        SpecIssue(f"{_POINTER}/{field}", no_column(name, columns)) for field, name in chosen if name not in columns
    ]
    if not issues and upload.inputs is None and len(columns) - 1 > MAX_FEATURES:
        issues.append(SpecIssue(f"{_POINTER}/inputs", f"Choose at most {MAX_FEATURES} of the {len(columns)} columns."))
    return issues


def _target_issues(upload: UploadDataset, column: dict[str, Any]) -> list[SpecIssue]:
    if not upload.has_classes or column["classes"] is not None:
        return []
    different = "more than 1000" if column["distinct"] is None else column["distinct"]
    kind = "whole numbers" if column["kind"] == "integer" else "not only whole numbers"
    detail = (
        f"The target {shown(upload.target)} has {different} different values from {column['min']:g} to "
        f"{column['max']:g}, {kind}; classes are 0, 1, ..., k-1 with each of them there and k from 2 to 1000. For a "
        "number as target use 'regression'."
    )
    return [SpecIssue(f"{_POINTER}/task", detail)]
