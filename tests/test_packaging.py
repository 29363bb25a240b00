"""The wheel, made from the sdist, works from outside the tree with all its data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    assert len(list(folder.glob("*.tar.gz"))) == 1
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, timeout=300)
    return target


def call(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nodelens", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )


@pytest.mark.slow
def test_examples_are_found_by_name(installed: Path) -> None:
    result = call(installed, "train-ode", "-c", "spiral", "--show-config", "--json")
    assert result.returncode == 0, result.stderr
    origin = json.loads(result.stdout)["origins"]["data.points"]
    assert str(installed / "nodelens" / "_configs" / "train-ode" / "spiral.yaml") in origin


@pytest.mark.slow
def test_all_data_travels_with_the_wheel(installed: Path) -> None:
    package = installed / "nodelens"
    assert (package / "py.typed").is_file()
    assert (package / "_sample_images" / "cat.jpg").is_file()
    for name in ("train-ode", "adjoint-check", "gradcam", "conv-params"):
        shipped = {path.name for path in (package / "_configs" / name).iterdir()}
        assert shipped == {path.name for path in (ROOT / "configs" / name).iterdir()}
        assert shipped, f"{name} has no example"
    weights = package / "explaining" / "model" / "weights"
    originals = ROOT / "cli" / "nodelens" / "explaining" / "model" / "weights"
    assert {p.name for p in weights.iterdir() if p.is_file()} >= {
        p.name for p in originals.iterdir() if p.is_file()
    }


@pytest.mark.slow
def test_every_script_is_installed(installed: Path) -> None:
    assert {path.name for path in (installed / "bin").iterdir()} >= {"node", "nodelens"}
    result = call(installed, "--version")
    assert result.stdout.startswith("nodelens ")
