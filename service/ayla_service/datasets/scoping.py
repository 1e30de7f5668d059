"""Datasets by an id that a stranger wrote: those of the caller's team are found, all others do not exist."""

from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import Dataset
from ayla_service.errors import DatasetNotFound, NotYours
from ayla_service.teams.principal import Principal


def dataset_of(session: Session, principal: Principal, dataset_id: str, *, lock: bool = False) -> Dataset:
    """A dataset of the caller's team, locked until the transaction ends if asked for.

    Raises:
        DatasetNotFound: if there is none; one of another team is none.
    """
    dataset = by_id(session, Dataset, dataset_id, lock=lock)
    if dataset is None or dataset.team_id != principal.team_id:
        raise DatasetNotFound(dataset_id)
    return dataset


def own_dataset(session: Session, principal: Principal, dataset_id: str) -> Dataset:
    """A dataset that the caller may delete, locked until the transaction ends.

    Raises:
        DatasetNotFound: if there is none in the caller's team.
        NotYours: if it is another member's, and the caller is no admin.
    """
    dataset = dataset_of(session, principal, dataset_id, lock=True)
    if not principal.may_change(dataset.owner_id):
        raise NotYours("dataset", dataset_id)
    return dataset
