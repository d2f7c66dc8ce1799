"""The page around the sections, and the object that is given back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from glassnet.errors import DataError
from glassnet.local_files import path_of, replace_file
from glassnet.views import chart_svg
from glassnet.views.report.markup import escaped

# Nothing may be loaded and nothing may run, even if something slipped through.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --plate: #ffffff; --panel: #f6f8fa; --fault: #b42318; --warning: #9a6700; --remark: #0b62a8;
  --share: 0, 114, 178; --wrong: 196, 87, 10; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #9aa5b1; --line: #3a424b;
  --plate: #16191d; --panel: #1f242a; --fault: #ff8a80; --warning: #e8b339; --remark: #7cc0f5;
  --share: 90, 180, 230; --wrong: 242, 166, 90; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.25rem 3rem; color: var(--ink);
  background: var(--plate); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  "Noto Sans", "Noto Sans CJK SC", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line);
  padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
h4 { font-size: .95rem; margin: 1rem 0 .3rem; font-weight: 600; }
p { margin: .4rem 0; } .soft, figcaption, caption { color: var(--soft); font-size: .9rem; }
nav ul { list-style: none; padding: 0; margin: .5rem 0; display: flex; flex-wrap: wrap;
  gap: .2rem 1rem; font-size: .9rem; } a { color: var(--remark); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .92rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; font-variant-numeric: tabular-nums; }
table { overflow-wrap: normal; } caption { overflow-wrap: anywhere; }
caption span { display: inline-block; max-width: calc(100vw - 2.5rem); position: sticky; left: 0; }
th[scope=row], thead th:first-child { text-align: left; font-weight: 600; }
th[scope=row] { overflow-wrap: anywhere; min-width: 8.5rem; max-width: 20rem; }
.text, .text th { text-align: left; }
.confusion td { text-align: center; min-width: 3rem; } .confusion thead th { text-align: center; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .6rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
figure { margin: .8rem 0; } .chart { width: 100%; max-width: 36rem; height: auto; display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  gap: 0 1.5rem; }
.drawing { overflow-x: auto; } .drawing svg { max-width: none; display: block; }
pre { background: var(--panel); border-radius: 6px; padding: .8rem; font: .82rem/1.5
  ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: normal; }
.program { counter-reset: line; } .program span { display: block; white-space: pre; }
.program span::before { counter-increment: line; content: counter(line); display: inline-block;
  width: 3ch; margin-right: 1.5ch; text-align: right; color: var(--soft); }
.finding { border-left: 4px solid var(--line); padding: .1rem 0 .1rem .8rem; margin: .8rem 0; }
.fault { border-color: var(--fault); } .warning { border-color: var(--warning); }
.remark { border-color: var(--remark); }
.finding b { text-transform: uppercase; font-size: .75rem; letter-spacing: .05em; }
.fault b { color: var(--fault); } .warning b { color: var(--warning); }
.remark b { color: var(--remark); }
@media (max-width: 34rem) { body { padding: .5rem .8rem 2rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; } }
@media print { body { max-width: none; font-size: 11pt; } nav { display: none; }
  .scroll, .drawing { overflow: visible; } .program span, pre { white-space: pre-wrap; }
  figure, tr, .finding { break-inside: avoid; } h2, h3 { break-after: avoid; } }
""".strip()


@dataclass(frozen=True)
class Report:
    """A report: a page of HTML that stands alone, one section below the other.

    Args:
        title: stands above.
        sections: name, title and HTML of each.

    """

    title: str
    sections: tuple[tuple[str, str, str], ...]

    @cached_property
    def html(self) -> str:
        """The whole page as text."""
        links = "".join(
            f'<li><a href="#{name}">{escaped(title)}</a></li>' for name, title, _ in self.sections
        )
        body = "\n".join(
            f'<section id="{name}" aria-labelledby="{name}-title">\n'
            f'<h2 id="{name}-title">{escaped(title)}</h2>\n{text}\n</section>'
            for name, title, text in self.sections
        )
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{escaped(self.title)}</title>\n"
            f"<style>\n{STYLE}\n{chart_svg.STYLE}\n</style>\n</head>\n<body>\n<header>\n"
            f'<h1>{escaped(self.title)}</h1>\n<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
            f"</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page as an .html file, whole or not at all.

        Raises DataError for another ending, or where it cannot be written.
        """
        target = Path(path_of(path, DataError))
        if target.suffix != ".html":
            raise DataError(f"a report is saved as .html, got {str(target)!r}")
        replace_file(target, [self.html.encode()], DataError)
        return target

    def __repr__(self) -> str:
        names = ", ".join(name for name, _, _ in self.sections)
        return f"Report({self.title!r}: {names})"

    def _repr_html_(self) -> str:
        """Give the page in a frame of its own, which shares no style with the notebook."""
        return (
            f'<iframe title="{escaped(self.title)}" sandbox="" srcdoc="{escaped(self.html)}"'
            ' style="width:100%;height:48rem;border:1px solid #8888"></iframe>'
        )
