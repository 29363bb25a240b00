"""The contact sheet and the page of `gradcam`, which show all pictures together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from nodelens.explaining.averages import MethodMeans
    from nodelens.explaining.model.classifier import Classifier
    from nodelens.explaining.result import PictureResult
    from nodelens.explaining.settings import GradcamSettings
    from nodelens.figures.contact_sheet import Tile

View = tuple["list[Tile] | None", str | None]


@dataclass
class ContactSheet:
    """A sheet that is filled picture by picture; full pages are written and forgotten.

    Attributes:
        path: The PNG file; further pages are called `name-2.png` and so on.
        written: The pages so far.
    """

    path: Path
    written: list[Path] = field(default_factory=list)
    _strips: "list[list[Tile]]" = field(default_factory=list)

    def add(self, strip: "list[Tile]") -> None:
        """Adds the strip of a picture."""
        from nodelens.figures.contact_sheet import DOWN, sheet_lines

        if self._strips and sheet_lines([*self._strips, strip]) > DOWN:
            self.finish()
        self._strips.append(strip)

    def finish(self) -> None:
        """Writes what is not written yet."""
        from nodelens.figures.contact_sheet import sheet_png
        from nodelens.runtime.files import write_bytes

        if not self._strips:
            return
        number = "" if not self.written else f"-{len(self.written) + 1}"
        path = self.path.with_name(f"{self.path.stem}{number}{self.path.suffix}")
        write_bytes(path, sheet_png(self._strips))
        self.written.append(path)
        self._strips = []


@dataclass
class Pages:
    """The contact sheet and the page, filled picture by picture.

    Attributes:
        sheet: The contact sheet; None if there is none.
        html: The file of the page; None if there is none.
    """

    sheet: ContactSheet | None
    html: Path | None
    _sections: list[str] = field(default_factory=list)

    def view(self, picture: "PictureResult", photo: "np.ndarray") -> View:
        """Draws the parts of one picture; any thread may do it."""
        from nodelens.explaining.output.strips import strip_of
        from nodelens.report.gradcam.page import image_section

        return (
            strip_of(picture, photo) if self.sheet else None,
            image_section(picture, photo) if self.html else None,
        )

    def add(self, view: View) -> None:
        """Adds the parts of the next picture."""
        strip, section = view
        if self.sheet and strip:
            self.sheet.add(strip)
        if section:
            self._sections.append(section)

    def finish(
        self,
        classifier: "Classifier",
        errors: Sequence[str],
        rows: "Sequence[MethodMeans]",
        record: Mapping[str, Any],
    ) -> list[Path]:
        """Writes what is not written yet; returns the files."""
        from nodelens.report.gradcam.page import gradcam_page
        from nodelens.runtime.files import write_text

        files = []
        if self.sheet:
            self.sheet.finish()
            files += self.sheet.written
        if self.html:
            about = classifier.name, classifier.weights.description
            write_text(self.html, gradcam_page(self._sections, errors, rows, *about, record))
            files.append(self.html)
        return files


def pages_of(settings: "GradcamSettings", pictures: int) -> Pages:
    """Makes the sheet and the page that the settings ask for, of so many pictures."""
    sheet, html = sheet_file(settings), settings.output.html
    return Pages(
        ContactSheet(sheet) if sheet and pictures > 1 else None,
        None if html is None else Path(html),
    )


def sheet_file(settings: "GradcamSettings") -> Path | None:
    """Returns the file of the contact sheet; None if the settings want none."""
    if not settings.output.contact_sheet or "overlay" not in settings.output.files:
        return None
    share = "" if settings.shard is None else f"-{settings.shard.replace('/', 'of')}"
    return Path(settings.output.directory) / f"contact_sheet{share}.png"


def refuse_unwritable_pages(settings: "GradcamSettings", *, force: bool) -> None:
    """Refuses pages that could not be written at the end.

    Raises:
        UsageError: Something is in the way that is not to be overwritten.
    """
    from nodelens.runtime.files import refuse_overwriting

    sheet = sheet_file(settings)
    if sheet and sheet.exists():
        # Only now: a call without a sheet is answered without the libraries that draw.
        from nodelens.figures.contact_sheet import is_ours

        if not is_ours(sheet):
            refuse_overwriting([sheet], force=force)
    if settings.output.html is None:
        return
    page = Path(settings.output.html)
    if page.is_dir():
        raise UsageError(f"{page} is a directory", hint=f"name a file: --html {page}/report.html")
    if not page.parent.is_dir():
        raise UsageError(f"there is no directory {page.parent} for the page {page.name}")
    refuse_overwriting([page], force=force)
