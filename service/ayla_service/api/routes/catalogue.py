"""What a job can name."""

from fastapi import APIRouter

from ayla_service.api.catalogue import Catalogue, catalogue

router = APIRouter(tags=["catalogue"])


@router.get("/catalogue", operation_id="get_catalogue", summary="What a job can name")
def get_catalogue() -> Catalogue:
    """Optimizers, test functions, presets, the language of expressions, limits, and the JSON schema of a job spec."""
    return catalogue()
