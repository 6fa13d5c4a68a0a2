"""The example notebook does what it says, in a real kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient", reason="pip install -e '.[dev]' brings it")
pytest.importorskip("ipykernel", reason="pip install -e '.[dev]' brings it")
nbformat = pytest.importorskip("nbformat")

PLACE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    notebook = nbformat.read(PLACE, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(folder)}}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "120")  # whatever the tests themselves are shown in
        client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any, kind: str = "text/plain") -> str:
    """Return what the last line of a cell shows."""
    found = [out for out in cell.outputs if out.output_type == "execute_result"]
    assert found, cell.outputs
    return str(found[-1].data[kind])


def cell_with(cells: list[Any], text: str) -> Any:
    (found,) = [cell for cell in cells if text in cell.source]
    return found


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(PLACE, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


def test_a_class_of_a_cell_is_audited_and_its_line_shown(cells: list[Any]) -> None:
    cell = cell_with(cells, 'attncheck.audit(Gate, "se")')
    text, page = shown(cell), shown(cell, "text/html")
    assert "notebook:In[2]:Gate" in text
    assert "✗ batch-independence" in text
    assert "<notebook cell 2>:9" in text
    assert "torch.softmax(" in text
    assert "&lt;notebook cell 2&gt;:9" in page
    assert "torch.softmax(" in page


def test_what_the_notebook_shows_is_not_live(cells: list[Any]) -> None:
    page = shown(cell_with(cells, 'attncheck.audit(Gate, "se")'), "text/html")
    for word in ("<script", "<button", "<form", "<iframe", "javascript:", "http"):
        assert word not in page.replace("http://www.w3.org", "")


def test_the_mended_class_conforms_also_as_an_instance(cells: list[Any]) -> None:
    assert "conforms" in shown(cell_with(cells, "class Mended"))
    assert "CONFORMS" in shown(cell_with(cells, "model[1]"))


def test_the_comparison_has_a_row_for_each(cells: list[Any]) -> None:
    text = shown(cell_with(cells, "attncheck.compare("))
    assert [name in text for name in ("se@reference", "map@Mended", "map@Gate")] == [True] * 3


def test_a_saved_report_is_read_again(cells: list[Any]) -> None:
    assert "CONFORMS" in shown(cell_with(cells, "read_report"))
