"""The results of `gradcam` as one HTML page that can be sent around.

The page holds its pictures, shrunk, and asks for nothing: no font, no network. Its one script moves
the sliders between photo and map, and the page allows no other.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from nodelens.explaining.averages import MethodMeans
from nodelens.explaining.judging.registry import MEASURES
from nodelens.explaining.result import NO_EVIDENCE, MapResult, PictureResult
from nodelens.report.gradcam.metrics import metrics_html

PICTURE_SIDE = 480
"""Pixels of the longer side; the files beside the page keep the size of the photo."""

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1f2328; background: #fff;
       max-width: 1500px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid #d0d7de; margin-top: 1.5rem; padding-top: 1.2rem; }
.faint, figcaption span { color: #59636e; font-size: 0.87rem; }
.sheet { display: grid; gap: 1.2rem; margin-top: 0.8rem;
         grid-template-columns: repeat(auto-fill, minmax(min(100%, 270px), 1fr)); }
figure { margin: 0; break-inside: avoid; } figure img { width: 100%; display: block; }
figcaption { margin-top: 0.35rem; overflow-wrap: anywhere; } figcaption span { display: block; }
.empty { color: #9a6700; }
.over { background-size: 100% 100%; }
.over img { clip-path: inset(0 0 0 var(--cut, 0%)); }
input { width: 100%; margin: 0.35rem 0 0; accent-color: #0969da; }
table { border-collapse: collapse; margin: 0.6rem 0; }
th { color: #59636e; font-weight: normal; text-align: left; }
th, td { padding: 0.1rem 1.2rem 0.1rem 0; } td.number, th.number { text-align: right; }
pre { overflow: auto; font-size: 0.8rem; background: #f6f8fa; padding: 0.8rem; }
"""

# The photo lies below each map, which is cut off on the left as far as its slider goes.
_SCRIPT = """
for (const section of document.querySelectorAll("section")) {
  const photo = section.querySelector("img");
  for (const slider of section.querySelectorAll("input")) {
    const frame = slider.previousElementSibling;
    const cut = () => frame.style.setProperty("--cut", slider.value + "%");
    frame.style.backgroundImage = `url(${photo.src})`;
    slider.addEventListener("input", cut);
    slider.hidden = false;
    cut();
  }
}
"""
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_SLIDER = (
    '<input type="range" min="0" max="100" value="0" hidden aria-label="photo instead of map">'
)


def image_section(picture: PictureResult, photo: np.ndarray) -> str:
    """Makes the section of one photo.

    Args:
        picture: What was found out about it; its overlays are read.
        photo: `uint8` RGB, shape `(height, width, 3)`.

    Returns:
        HTML.
    """
    width, height = picture.size
    notes = "".join(f", {escape(note)}" for note in picture.notes)
    best = "".join(
        f"<span>{escape(row.name)} {row.score:.3f}</span>" for row in picture.predictions
    )
    sheet = [_figure(Image.fromarray(photo), "the picture", best)]
    for found in picture.maps:
        assert found.files.overlay  # noqa: S101 (the settings of a page ask for overlays)
        with Image.open(found.files.overlay) as overlay:
            alt = f"{found.method} for {found.target.name} at {found.layer}"
            sheet.append(_figure(overlay, alt, _caption(found), _SLIDER))
    return (
        f"<section>\n<h2>{escape(str(picture.path))}</h2>\n"
        f'<div class="faint">{width} x {height} pixels{notes}</div>\n'
        f'<div class="sheet">\n{"".join(sheet)}</div>\n</section>\n'
    )


def gradcam_page(
    sections: Sequence[str],
    errors: Sequence[str],
    rows: Sequence[MethodMeans],
    model: str,
    weights: str,
    record: Mapping[str, Any],
) -> str:
    """Makes the whole page.

    Args:
        sections: The sections of the photos, from `image_section`.
        errors: The errors of those that could not be explained.
        rows: The comparison of methods; none if nothing was measured.
        model: The name of the model.
        weights: The description of its weights.
        record: What it takes to repeat the run.

    Returns:
        An HTML document.
    """
    shown = {key: record[key] for key in ("model", "settings", "versions", "device", "seed")}
    failed = "".join(f"<li>{escape(error)}</li>\n" for error in errors)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
               script-src 'sha256-{_SCRIPT_HASH}'">
<title>What {escape(model)} looked at</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>What {escape(model)} looked at</h1>
<p>{escape(weights)}<br>
<span class="faint">Red: most of the evidence for the class; dark blue: none. Where both signs are
shown, red speaks for the class and blue against it. Each map has its own scale. The slider below a
map uncovers the photo.</span></p>
{metrics_html(rows) if rows else ""}{f"<ul class='empty'>{failed}</ul>" if failed else ""}
{"".join(sections)}<section>
<details><summary>Settings and versions (nodelens {escape(record["nodelens"])},
{escape(record["started"])})</summary>
<pre>{escape(json.dumps(shown, indent=2, ensure_ascii=False))}</pre></details>
</section>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _figure(picture: Image.Image, alt: str, caption: str, slider: str = "") -> str:
    small = picture.convert("RGB")
    small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    file = BytesIO()
    small.save(file, "JPEG", quality=88)
    data = base64.b64encode(file.getvalue()).decode()
    image = f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}">'
    framed = f'<div class="over">{image}</div>{slider}' if slider else image
    return f"<figure>{framed}<figcaption>{caption}</figcaption></figure>\n"


def _caption(found: MapResult) -> str:
    views = [name for name in ("counterfactual", "signed") if getattr(found, name)]
    views += [] if found.explains == "logit" else [f"target {found.explains}"]
    method = ", ".join([found.method, *views])
    lines = [
        f"class {found.target.index} ({found.target.name})",
        f"probability {found.target.score:.3f}, logit {found.target.logit:.2f}",
        f"map from {found.min:.3g} to {found.max:.3g}",
    ]
    if found.faithfulness:
        values = found.faithfulness.values
        measures = [row for row in MEASURES.values() if row.brief]
        lines.append(", ".join(f"{row.title} {values[row.name]:.3f}" for row in measures))
    lines += [f"{name.replace('_', ' ')} {value:.4g}" for name, value in found.details.items()]
    spans = "".join(f"<span>{escape(line)}</span>" for line in lines)
    empty = f'<span class="empty">{NO_EVIDENCE}</span>' if found.empty else ""
    return f"<b>{escape(method)}</b> at {escape(found.layer)}{empty}{spans}"
