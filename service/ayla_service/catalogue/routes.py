"""Route of the catalogue."""

from fastapi import APIRouter

from ayla_service.catalogue.schemas import Catalogue
from ayla_service.catalogue.service import catalogue
from ayla_service.http.authorization import Reader

router = APIRouter(tags=["catalogue"])


@router.get("/catalogue", operation_id="get_catalogue", summary="What a job can name")
def get_catalogue(caller: Reader) -> Catalogue:  # noqa: ARG001  # who may not look at all may not here
    """Everything a job can be made of, each with its settings, and the limits that it must keep.

    Optimizers and schedules; datasets, models and losses; test functions, presets and the language of expressions.
    """
    return catalogue()
