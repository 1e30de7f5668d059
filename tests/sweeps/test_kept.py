"""What was read for an answer is kept for the next: so much, so long, and no more."""

from ayla_service.sweeps.kept import KeptTables


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_was_used_last_is_kept_as_far_as_there_is_room() -> None:
    kept: KeptTables[str] = KeptTables(10)
    for name, size in (("a", 4), ("b", 4)):
        kept.put(name, name.upper(), size)
    assert kept.get("a") == "A"
    kept.put("c", "C", 6)
    assert [kept.get(name) for name in "abc"] == ["A", None, "C"]
    kept.put("d", "D", 11)
    assert [kept.get(name) for name in "acd"] == ["A", "C", None]
    kept.put("c", "another", 10)
    assert [kept.get(name) for name in "ac"] == [None, "another"]


def test_what_nobody_uses_is_forgotten() -> None:
    clock = Clock()
    kept: KeptTables[str] = KeptTables(10, seconds=60.0, clock=clock)
    kept.put("a", "A", 1)
    kept.put("b", "B", 1)
    clock.now += 59.0
    assert kept.get("a") == "A"
    clock.now += 1.0
    kept.forget_unused()
    assert len(kept) == 1
    assert kept.get("a") == "A"
    clock.now += 60.0
    kept.forget_unused()
    assert len(kept) == 0
