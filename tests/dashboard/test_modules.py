"""Which modules a view starts with, from what they import."""

import re

import pytest
from ayla_service.dashboard import modules

from tests.drop_in.environment import ROOT

WEB = ROOT / "clients" / "web" / "ayla_web"
MODULES = {
    "app.js": 'import { a } from "./core/a.js";\nimport "./core/b.js";',
    "core/a.js": "import b from\"./b.js\";export*from'../lib/c.js';",
    "core/b.js": 'import { a } from "./a.js";\nconst view = () => import("../views/lazy.js");',
    "core/routes.js": '{ pattern: "/x/:id", load: () => import("../views/x.js") },',
    "lib/c.js": '/** @type {import("./t.js").T}\nimport e from "./commented.js"; */ import d from "./gone.js";',
    "lib/commented.js": "",
    "views/lazy.js": "",
    "views/x.js": "",
}


def test_what_is_imported_is_reached_once_and_nothing_else() -> None:
    assert modules.reached(["app.js"], MODULES) == ["app.js", "core/a.js", "core/b.js", "lib/c.js"]
    assert modules.reached(["core/b.js", "views/x.js", "nothing.js"], MODULES) == [
        "core/b.js",
        "views/x.js",
        "core/a.js",
        "lib/c.js",
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "is_of"),
    [
        ("/", "/", True),
        ("/jobs", "/jobs/", True),
        ("/jobs/:id", "/jobs/3f2a", True),
        ("/jobs/:id", "/jobs/", False),
        ("/jobs/:id", "/jobs/3f2a/sweep", False),
        ("/jobs/:id/sweep", "/jobs/3f2a/verdict", False),
        ("/jobs", "/", False),
    ],
)
def test_patterns_are_those_of_addresses(pattern: str, path: str, is_of: bool) -> None:
    assert modules.is_of(pattern, path) is is_of


def test_every_route_of_the_page_is_known_with_its_view() -> None:
    texts = {path.relative_to(WEB).as_posix(): path.read_text() for path in WEB.rglob("*.js")}
    routes = modules.routes_of(texts)
    assert [*routes] == re.findall(r'pattern: "(/[^"]*)"', texts["core/routes.js"])
    assert {*routes.values()} <= {*texts}
    assert len(routes) > len({*routes.values()}) > 1
