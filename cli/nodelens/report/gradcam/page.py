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


def image_section(image: Mapping[str, Any], photo: np.ndarray) -> str:
    """What was found out about one photo.

    Args:
        image: The photo's part of the JSON document; its overlays are read.
        photo: `uint8` RGB, shape `(height, width, 3)`.

    Returns:
        HTML.
    """
    width, height = image["size"]
    notes = "".join(f", {escape(note)}" for note in image["notes"])
    sheet = [_figure(Image.fromarray(photo), "the picture", _predictions(image["predictions"]))]
    for found in image["maps"]:
        with Image.open(found["files"]["overlay"]) as overlay:
            alt = f"{found['method']} for {found['class_name']} at {found['layer']}"
            sheet.append(_figure(overlay, alt, _caption(found), _SLIDER))
    return (
        f"<section>\n<h2>{escape(image['path'])}</h2>\n"
        f'<div class="faint">{width} x {height} pixels{notes}</div>\n'
        f'<div class="sheet">\n{"".join(sheet)}</div>\n</section>\n'
    )


def gradcam_page(
    sections: Sequence[str],
    failed: Sequence[Mapping[str, str]],
    metrics: Sequence[Mapping[str, Any]],
    record: Mapping[str, Any],
) -> str:
    """The whole page.

    Args:
        sections: Of the photos, from `image_section`.
        failed: Path and error of those that could not be explained.
        metrics: Rows of the comparison of methods; none if nothing was measured.
        record: What it takes to repeat the run.

    Returns:
        An HTML document.
    """
    model = record["model"]
    shown = {key: record[key] for key in ("model", "settings", "versions", "device", "seed")}
    errors = "".join(f"<li>{escape(each['error'])}</li>\n" for each in failed)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
               script-src 'sha256-{_SCRIPT_HASH}'">
<title>What {escape(model["name"])} looked at</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>What {escape(model["name"])} looked at</h1>
<p>{escape(model["weights_description"])}<br>
<span class="faint">Red: most of the evidence for the class; dark blue: none. Where both signs are
shown, red speaks for the class and blue against it. Each map has its own scale. The slider below a
map uncovers the photo.</span></p>
{_metrics(metrics) if metrics else ""}{f"<ul class='empty'>{errors}</ul>" if errors else ""}
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


def _predictions(predictions: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        f"<span>{escape(each['name'])} {each['score']:.3f}</span>" for each in predictions
    )


def _caption(found: Mapping[str, Any]) -> str:
    views = [name for name in ("counterfactual", "signed") if found[name]]
    views += [] if found["target"] == "logit" else [f"target {found['target']}"]
    method = ", ".join([found["method"], *views])
    lines = [
        f"class {found['class_index']} ({found['class_name']})",
        f"probability {found['score']:.3f}, logit {found['logit']:.2f}",
        f"map from {found['min']:.3g} to {found['max']:.3g}",
    ]
    if found["metrics"]:
        measured = ("deletion", "insertion", "drop")
        lines.append(", ".join(f"{name} {found['metrics'][name]:.3f}" for name in measured))
    lines += [f"{name.replace('_', ' ')} {value:.4g}" for name, value in found["details"].items()]
    spans = "".join(f"<span>{escape(line)}</span>" for line in lines)
    empty = '<span class="empty">no positive evidence</span>' if found["empty"] else ""
    return f"<b>{escape(method)}</b> at {escape(found['layer'])}{empty}{spans}"


def _metrics(rows: Sequence[Mapping[str, Any]]) -> str:
    """The comparison of methods; the arrows tell which way is better."""
    columns = {
        "maps": ("maps", "d"),
        "deletion": ("deletion ↓", ".3f"),
        "insertion": ("insertion ↑", ".3f"),
        "road": ("ROAD ↑", ".3f"),
        "average_drop": ("average drop ↓", ".1%"),
        "increase_in_confidence": ("increase in confidence ↑", ".1%"),
        "pointing_game": ("pointing game ↑", ".0%"),
        "share_in_boxes": ("share in boxes ↑", ".1%"),
    }
    columns = {key: told for key, told in columns.items() if any(key in row for row in rows)}
    head = "".join(f'<th class="number">{title}</th>' for title, _ in columns.values())
    body = ""
    for row in rows:
        cells = "".join(
            f'<td class="number">{format(row[key], form) if key in row else ""}</td>'
            for key, (_, form) in columns.items()
        )
        body += f"<tr><td>{escape(row['method'])}</td><td>{escape(row['layer'])}</td>{cells}</tr>\n"
    return f"<table>\n<tr><th>method</th><th>layer</th>{head}</tr>\n{body}</table>\n"
