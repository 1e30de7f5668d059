"""Errors about webhooks and their deliveries."""

from ayla_service.errors.base import ServiceError


class WebhookNotFound(ServiceError):
    """No webhook has this id."""

    slug, title, status = "webhook-not-found", "Webhook not found", 404

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"No webhook has the id '{webhook_id[:64]}'. GET /v1/webhooks lists the webhooks.")


class DeliveryNotFound(ServiceError):
    """No delivery of this webhook has this id."""

    slug, title, status = "delivery-not-found", "Delivery not found", 404

    def __init__(self, delivery_id: str) -> None:
        super().__init__(
            f"The webhook has no delivery with the id '{delivery_id[:64]}'. GET /v1/webhooks/{{id}}/deliveries lists "
            "those of the last days."
        )


class WebhookDisabled(ServiceError):
    """Nothing is sent to this webhook."""

    slug, title, status = "webhook-disabled", "Webhook disabled", 409

    def __init__(self, webhook_id: str) -> None:
        super().__init__(
            f"Nothing is sent to webhook '{webhook_id}', as it is disabled; PATCH it with enabled: true first."
        )
