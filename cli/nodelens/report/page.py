"""A page with one table, pictures and settings, as Markdown and as HTML from one source."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff;
       max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } img { width: 100%; margin: 0.8rem 0; }
table { border-collapse: collapse; }
th { color: #59636e; font-weight: normal; text-align: left; }
th, td { padding: 0.15rem 1.5rem 0.15rem 0; border-bottom: 1px solid #eaeef2; }
pre, code { background: #f6f8fa; font-size: 0.87rem; } pre { overflow: auto; padding: 0.8rem; }
"""


@dataclass(frozen=True)
class Page:
    """The content of a page.

    Attributes:
        title: Its heading.
        rows: A table of names and values.
        pictures: The path of each relative to the page, and its caption.
        commands: The purpose of each next step, and the command for it in the page's directory.
        settings: The settings as YAML.
    """

    title: str
    rows: tuple[tuple[str, str], ...]
    pictures: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    settings: str


def to_markdown(page: Page) -> str:
    """Returns the page as Markdown; pictures are linked."""
    table = "\n".join(f"| {name} | {value} |" for name, value in page.rows)
    pictures = "".join(f"![{shown}]({path})\n\n" for path, shown in page.pictures)
    commands = "\n".join(f"- {purpose}: `{command}`" for purpose, command in page.commands)
    return f"""# {page.title}

| what | value |
|---|---|
{table}

{pictures}## Next steps, in this directory

{commands}

## Settings

```yaml
{page.settings.strip()}
```
"""


def to_html(page: Page, contents: Mapping[str, bytes]) -> str:
    """Returns the page as HTML that holds its pictures, without scripts and network requests.

    Args:
        page: The content.
        contents: The bytes of the PNG file of each picture, by its path.
    """
    table = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>\n" for name, value in page.rows
    )
    pictures = "".join(
        f'<img alt="{escape(shown)}" src="data:image/png;base64,'
        f'{base64.b64encode(contents[path]).decode()}">\n'
        for path, shown in page.pictures
    )
    commands = "".join(
        f"<li>{escape(purpose)}: <code>{escape(command)}</code></li>\n"
        for purpose, command in page.commands
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{escape(page.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(page.title)}</h1>
<table>
{table}</table>
{pictures}<h2>Next steps, in this directory</h2>
<ul>
{commands}</ul>
<details><summary>Settings</summary>
<pre>{escape(page.settings.strip())}</pre></details>
</body>
</html>
"""
