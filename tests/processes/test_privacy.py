"""What the service makes belongs to its user alone, lies where the settings say, and what was there stays as it was."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from tests.processes.command import SERVICE, clean_environment

# What a person runs beside the service: has a job run, looks at the data folder meanwhile, and makes a file of its own.
_COMMAND = """
import json, os, pathlib, stat, sys, time, urllib.request
def ask(path, data=None, kind="application/json"):
    request = urllib.request.Request(os.environ["AYLA_BASE_URL"] + path, data, {"Content-Type": kind})
    return json.load(urllib.request.urlopen(request))
ask("/v1/datasets?name=line&format=csv", b"x,y\\n1,2\\n2,4\\n3,6\\n", "text/csv")
job = ask("/v1/jobs", sys.argv[1].encode())
while (state := ask("/v1/jobs/" + job["id"])["state"]) in ("queued", "running"):
    time.sleep(0.05)
data = pathlib.Path(os.environ["AYLA_DATA_DIR"])
modes = {str(path.relative_to(data)): stat.S_IMODE(path.lstat().st_mode) for path in [data, *data.rglob("*")]}
pathlib.Path(sys.argv[2]).write_text(json.dumps({"state": state, "modes": modes}))
"""

_SPEC = {
    "problem": {
        "type": "dataset",
        "dataset": {"name": "upload", "dataset": "line", "target": "y"},
        "model": {"name": "linear"},
    },
    "optimizers": [{"name": "sgd", "learning_rate": 0.1}],
    "budget": {"steps": 3},
}


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_all_that_the_service_makes_is_private_in_a_folder_of_any_name(tmp_path: Path) -> None:
    home = tmp_path / "50% of it? a%41b #1 größe"
    home.mkdir(mode=0o755)
    data, seen = home / "what?mode=memory&uri=true" / "data", home / "seen.json"
    arguments = ["run", "--", sys.executable, "-c", _COMMAND, json.dumps(_SPEC), str(seen)]
    ended = subprocess.run(
        [*SERVICE, *arguments],
        env=clean_environment(data, AYLA_NATIVE="0"),
        umask=0o022,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(seen.read_text())
    assert found["state"] == "succeeded"
    modes = found["modes"]
    assert {"ayla.db", "ayla.db-wal", "ayla.db-shm", "service.log", "datasets/uploads"} <= modes.keys()
    assert [name for name in modes if name.endswith(".parquet")]
    folders = {name for name in modes if (data / name).is_dir()}
    assert {name: oct(mode) for name, mode in modes.items() if mode != (0o700 if name in folders else 0o600)} == {}
    assert _mode(data.parent) == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == [home.name], "nothing elsewhere"
    assert sorted(path.name for path in home.iterdir()) == [seen.name, data.parent.name]
    assert _mode(home) == 0o755, "what was there stays as it was"
    assert _mode(seen) == 0o644, "the person's own files are made as ever"


def test_folders_and_files_that_were_there_keep_their_modes(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    (tmp_path / "ayla.db").touch()
    (tmp_path / "ayla.db").chmod(0o640)
    command = [*SERVICE, "migrate"]
    subprocess.run(command, env=clean_environment(tmp_path), umask=0o022, capture_output=True, check=True)
    assert (_mode(tmp_path), _mode(tmp_path / "ayla.db")) == (0o750, 0o640)
