"""Commands about webhooks: ls, show, create, edit, delete, ("test", send_test), rotate-secret, deliveries, retry."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ayla._json import without_none
from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.groups import group, listing
from ayla.cli.ids import SHORT_LENGTH, find
from ayla.cli.options import Agreed, AsJson, AsJsonItems, Quiet, QuietItems
from ayla.cli.output import OutputForm, write_items, write_record
from ayla.cli.session import Session, confirm, session_of

WebhookId = Annotated[
    str,
    typer.Argument(
        metavar="WEBHOOK", help="Its id or the beginning of that, or its URL.", autocompletion=completion.webhooks
    ),
]
Url = Annotated[str, typer.Argument(metavar="URL", help="Where messages are sent to; https.")]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        metavar="EVENT",
        help="What is told: job.succeeded, job.failed, job.cancelled; may be given several times. Default: all.",
        autocompletion=completion.webhook_events,
    ),
]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="What it is for.")]


def ls(
    context: typer.Context, *, as_json: AsJson = False, as_lines: AsJsonItems = False, quiet: QuietItems = False
) -> None:
    """List the team's webhooks, newest first."""
    session = session_of(context)
    columns = {
        "webhook": lambda each: each.id[:SHORT_LENGTH],
        "url": lambda each: each.url,
        "owner": lambda each: each.owner,
        "events": lambda each: each.events,
        "on": lambda each: each.enabled,
        "description": lambda each: each.description,
    }
    with session.client() as client:
        write_items(
            client.webhooks.list(),
            OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet),
            columns,
            say_empty=lambda: session.say("No webhooks. Make one: ayla webhooks create URL"),
        )


def show(context: typer.Context, webhook: WebhookId, *, as_json: AsJson = False) -> None:
    """Show a webhook."""
    with session_of(context).client() as client:
        found = client.webhooks.get(_webhook_id(client, webhook))
    write_record(found, OutputForm.of(json=as_json), _properties(found))


def create(
    context: typer.Context,
    url: Url,
    event: Events = None,
    description: Description = None,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Have the service tell an address when jobs end. The secret that signs the messages is shown this once."""
    session = session_of(context)
    with session.client() as client:
        made = client.webhooks.create(url, **without_none(events=event or None, description=description))
    _write_secret(session, made, OutputForm.of(json=as_json, quiet=quiet))


def edit(
    context: typer.Context,
    webhook: WebhookId,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Another address.")] = None,
    event: Events = None,
    description: Description = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Switch it on or off.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Change a webhook, or switch it off and on."""
    fields = without_none(url=url, events=event or None, description=description, enabled=enabled)
    if not fields:
        raise typer.BadParameter("give what to change: --url, --event, --description, --enable or --disable.")
    with session_of(context).client() as client:
        changed = client.webhooks.change(_webhook_id(client, webhook), **fields)
    write_record(changed, OutputForm.of(json=as_json), _properties(changed))


def delete(context: typer.Context, webhook: WebhookId, *, yes: Agreed = False) -> None:
    """Delete a webhook."""
    session = session_of(context)
    with session.client() as client:
        found = _webhook_id(client, webhook)
        confirm(f"Delete the webhook {webhook}?", agreed=yes)
        client.webhooks.delete(found)
    session.say(f"Deleted: {webhook}")


def send_test(context: typer.Context, webhook: WebhookId, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Send a message now, to try out a webhook."""
    session = session_of(context)
    with session.client() as client:
        sent = client.webhooks.test(_webhook_id(client, webhook))
    form = OutputForm.of(json=as_json, quiet=quiet)
    write_record(sent, form, _delivery(sent))
    if form.for_people:
        session.say(f"See how it went: ayla webhooks deliveries {webhook}")


def rotate_secret(context: typer.Context, webhook: WebhookId, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Give a webhook a new secret, which is shown this once."""
    session = session_of(context)
    with session.client() as client:
        made = client.webhooks.rotate_secret(_webhook_id(client, webhook))
    _write_secret(session, made, OutputForm.of(json=as_json, quiet=quiet))


def deliveries(
    context: typer.Context,
    webhook: WebhookId,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most this many, newest first.")] = 20,
    *,
    as_json: AsJson = False,
    as_lines: AsJsonItems = False,
    quiet: QuietItems = False,
) -> None:
    """List what was sent to a webhook, newest first, and how it went."""
    session = session_of(context)
    columns = {
        "delivery": lambda each: each.id,
        "event": lambda each: each.event,
        "job": lambda each: each.job_id and each.job_id[:SHORT_LENGTH],
        "state": lambda each: each.state,
        "created": lambda each: each.created_at,
        "error": lambda each: each.last_error,
        "attempts": lambda each: each.attempts,
        "status": lambda each: each.last_status,
    }
    with session.client() as client:
        write_items(
            client.webhooks.deliveries(_webhook_id(client, webhook), limit=limit),
            OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet),
            columns,
            text_columns=6,
            say_empty=lambda: session.say(f"Nothing was sent yet. Try it out: ayla webhooks test {webhook}"),
        )


def retry(
    context: typer.Context,
    webhook: WebhookId,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id; 'ayla webhooks deliveries' lists them.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Send a message again, at once."""
    with session_of(context).client() as client:
        sent = client.webhooks.retry_delivery(_webhook_id(client, webhook), delivery)
    write_record(sent, OutputForm.of(json=as_json), _delivery(sent))


def _write_secret(session: Session, made: Any, form: OutputForm) -> None:
    write_record(made, form, {**_properties(made), "secret": made.secret})
    if form.for_people:
        session.say("The secret is shown this once; receivers check signatures with it (ayla.verify_webhook).")


def _properties(found: Any) -> dict[str, object]:
    return {
        "webhook": found.id,
        "url": found.url,
        "owner": found.owner,
        "events": found.events,
        "on": found.enabled,
        "description": found.description,
        "created": found.created_at,
        "new secret": found.rotated_at,
    }


def _delivery(sent: Any) -> dict[str, object]:
    return {
        "delivery": sent.id,
        "event": sent.event,
        "job": sent.job_id,
        "state": sent.state,
        "attempts": sent.attempts,
        "status": sent.last_status,
        "error": sent.last_error,
    }


def _webhook_id(client: Client, text: str) -> str:
    return find("webhook", client.webhooks.list(), text, name=lambda each: each.url)


app = group(
    "webhooks",
    "Have the service tell an address when jobs end.",
    (ls, show, create, edit, delete, ("test", send_test), rotate_secret, deliveries, retry),
    default=listing(ls),
)
