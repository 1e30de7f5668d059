"""Datasets by an id that a stranger wrote: those of the caller's team are found, all others do not exist."""

from sqlalchemy.orm import Session

from ayla_service.db.models import Dataset
from ayla_service.errors import DatasetNotFound
from ayla_service.teams.principal import Principal
from ayla_service.teams.scoping import of_team, require_change


def dataset_of(session: Session, principal: Principal, dataset_id: str, *, lock: bool = False) -> Dataset:
    """A dataset of the caller's team, locked until the transaction ends if asked for.

    Raises:
        DatasetNotFound: if there is none; one of another team is none.
    """
    return of_team(session, principal, Dataset, dataset_id, DatasetNotFound, lock=lock)


def own_dataset(session: Session, principal: Principal, dataset_id: str) -> Dataset:
    """A dataset that the caller may delete, locked until the transaction ends.

    Raises:
        DatasetNotFound: if there is none in the caller's team.
        NotYours: if it is another member's, and the caller is no admin.
    """
    dataset = dataset_of(session, principal, dataset_id, lock=True)
    require_change(principal, dataset.owner_id, "dataset", dataset_id)
    return dataset
