"""The queries of alerts and dashboard, and what they ask for that is not there."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.compose import ROOT, Faults

ALERTS = ROOT / "deploy" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "dashboard.json"

Metrics = dict[str, dict[str, set[str]]]
"""The samples that are exposed: by name, for each label the values that it has."""

_OF_THE_SCRAPE = frozenset({"job", "instance"})
_OF_BUCKETS = "le"
_TEMPLATE = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
_EQUAL = str(promql.MatchOp.Equal)
_KNOWN_FUNCTIONS = frozenset({"$value", "value"})


def exposed(*texts: str) -> Metrics:
    """What processes answer to ``GET /metrics``, taken together."""
    found: Metrics = {}
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = found.setdefault(sample.name, {})
                for name, value in sample.labels.items():
                    labels.setdefault(name, set()).add(value)
    return found


def alerts() -> Iterator[tuple[str, str, list[str]]]:
    """Name, query and texts for people of each alert."""
    content = yaml.safe_load(ALERTS.read_text())
    for rule in (rule for group in content["groups"] for rule in group["rules"]):
        yield rule["alert"], rule["expr"], list(rule["annotations"].values())


def panels() -> Iterator[tuple[str, str, list[str]]]:
    """Title, query and legend of each query of the dashboard, with its variables filled in."""
    content: dict[str, Any] = json.loads(DASHBOARD.read_text())
    for panel in content["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5m").replace("$job", ".*")
            yield panel["title"], query, [target["legendFormat"]]


def faults(query: str, texts: list[str], metrics: Metrics) -> Faults:
    """What a query or a text beside it asks for that no process exposes.

    Raises:
        ValueError: on a query that Prometheus could not read.
    """
    expression = promql.parse(query)
    selectors, groupings = _parts(expression)
    if not selectors:
        yield f"asks for nothing: {query}"
    known = {*_OF_THE_SCRAPE}
    for selector in selectors:
        yield from _selector_faults(selector, metrics)
        known |= metrics.get(str(selector.name), {}).keys()
    for label in groupings - known:
        yield f"groups by {label}, which nothing there has"
    for label in {name for text in texts for name in _TEMPLATE.findall(text)} - groupings - _KNOWN_FUNCTIONS:
        if groupings or label not in known:
            yield f"shows {label}, which the result does not have"


def _parts(expression: promql.Expr) -> tuple[list[promql.VectorSelector], set[str]]:
    """The selectors of a query, and the labels that it keeps."""
    selectors: list[promql.VectorSelector] = []
    groupings: set[str] = set()

    def visit(part: object) -> None:
        if isinstance(part, promql.VectorSelector):
            selectors.append(part)
        elif isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            groupings.update(part.modifier.labels)

    promql.walk(expression, pre_visit=visit)
    return selectors, groupings


def _selector_faults(selector: promql.VectorSelector, metrics: Metrics) -> Faults:
    name = str(selector.name)
    if name not in metrics:
        yield f"asks for {name}, which nobody exposes"
        return
    labels: Mapping[str, set[str]] = metrics[name]
    for matcher in selector.matchers.matchers:
        if matcher.name in _OF_THE_SCRAPE:
            continue
        if matcher.name not in labels:
            yield f"asks for {matcher.name} of {name}, which has {sorted(labels)}"
        elif str(matcher.op) == _EQUAL and matcher.value not in labels[matcher.name]:
            yield f"asks for {matcher.name} {matcher.value!r} of {name}, which has {sorted(labels[matcher.name])}"
