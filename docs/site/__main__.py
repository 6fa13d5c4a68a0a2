"""Build the site: ``python -m docs.site [FOLDER]``; ``build/site`` without one."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attncheck.commands.figures.rows import published
from attncheck.commands.figures.run import compared
from attncheck.data.report_file import read_report
from docs.site.markdown import write
from docs.site.mechanism import Known
from docs.site.pages import ROOT, navigation, pages
from docs.site.screens import with_screens

_THEME = Path(__file__).parent / "theme"


def configuration(folder: Path, into: Path) -> dict[str, Any]:
    """Return what mkdocs is told, with the pages in a folder."""
    mended = ["omitted_files", "absolute_links", "unrecognized_links", "anchors"]
    return {
        "site_name": "attncheck",
        "site_description": "Auditor and profiler for PyTorch attention modules",
        "docs_dir": str(folder),
        "site_dir": str(into),
        "use_directory_urls": False,
        "theme": {
            "name": "material",
            "font": False,
            "features": [f"navigation.{one}" for one in ("tabs", "indexes", "prune", "top")],
            "palette": [_palette("default", "light"), _palette("slate", "dark")],
            "icon": {"logo": "material/grid"},
            "favicon": "assets/favicon.svg",
        },
        "extra": {"generator": False, "polyfills": ["assets/iframe-worker.js"]},
        "extra_css": ["assets/style.css"],
        "plugins": ["search", "offline"],
        "markdown_extensions": {
            **{name: {} for name in ("attr_list", "md_in_html", "tables", "pymdownx.superfences")},
            "pymdownx.highlight": {"use_pygments": True},
            "toc": {"permalink": True, "toc_depth": 3},
        },
        "validation": dict.fromkeys(mended, "warn"),
        "nav": navigation(),
    }


def _palette(scheme: str, media: str) -> dict[str, Any]:
    light = media == "light"
    icon = "material/weather-night" if light else "material/weather-sunny"
    return {
        "scheme": scheme,
        "primary": "custom",
        "accent": "custom",
        "media": f"(prefers-color-scheme: {media})",
        "toggle": {"icon": icon, "name": f"Switch to {'dark' if light else 'light'}"},
    }


def build(into: Path) -> list[str]:
    """Write the pages, run their commands, and have mkdocs make the site; return what is wrong."""
    tables = compared(published(), lambda _: None).tables
    audited = read_report(ROOT / "reports" / "baseline.json").subjects
    made = pages(Known([row for table in tables for row in table.rows], audited))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, text in made.items():
            desk = folder / "desks" / place
            desk.mkdir(parents=True)
            made[place] = with_screens(text, desk)
        write(made, folder / "pages")
        shutil.copytree(_THEME, folder / "pages" / "assets")
        told = folder / "mkdocs.yml"
        told.write_text(json.dumps(configuration(folder / "pages", into)), encoding="utf-8")
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(told)]
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
        if subprocess.run(command, check=False, env=environment).returncode:
            return ["mkdocs made no site"]
    return list(_from_elsewhere(into))


def _from_elsewhere(site: Path) -> Iterator[str]:
    """Yield what a page would load from the network."""
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        for found in re.findall(r"<(?:script|img|iframe|source)[^>]+src=.?https?:[^>]+>", text):
            yield f"{page.relative_to(site)}: {found}"
        for found in re.findall(r"<link[^>]+href=.?https?:[^>]+>", text):
            if "canonical" not in found:
                yield f"{page.relative_to(site)}: {found}"


def main() -> int:
    """Build where the command line says; return the exit status."""
    if importlib.util.find_spec("material") is None:
        print("mkdocs-material is not installed: pip install -e '.[dev,site]'", file=sys.stderr)
        return 2
    into = Path(sys.argv[1] if len(sys.argv) > 1 else "build/site").absolute()
    wrong = build(into)
    print("\n".join(wrong) if wrong else into / "index.html")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
