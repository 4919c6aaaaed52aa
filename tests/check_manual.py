"""Every link within the built manual leads somewhere: `python tests/check_manual.py FOLDER`, run by `nox -s docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, and what in it can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep its links and its names."""
        for name, value in attrs:
            if value is not None and (name == "id" or (name == "name" and tag == "a")):
                self.anchors.add(value)
            elif value is not None and name in ("href", "src") and tag != "base":
                self.links.append(value)


def dangling(folder: Path) -> Iterator[str]:
    """Links that lead nowhere, with their pages."""
    pages = {path.resolve(): Page(path) for path in sorted(folder.rglob("*.html"))}
    if not pages:
        yield f"{folder}: no page"
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            named = unquote(parts.fragment)
            if not aim.exists() or (named and aim in pages and named not in pages[aim].anchors):
                yield f"{path.name}: {link}"


def main() -> None:
    """Print what dangles, and fail if anything does."""
    found = sorted({*dangling(Path(sys.argv[1]))})
    print(*found, sep="\n", end="\n" * bool(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
