"""The look of the HTML pages: the reader's own fonts, colours that are told apart in any light, and a form for paper."""

from __future__ import annotations

STYLE = """\
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #c9d1d9; --shade: #f3f6f9; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --paper: #15181c; --line: #3c444d; --shade: #1f242a; --link: #7ab8ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 84rem; padding: 1rem 1.5rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.6 system-ui, "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.3; }
h2 { margin-top: 2.5rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line); font-size: 1.3rem; }
h3 { margin-top: 1.8rem; font-size: 1.1rem; }
a { color: var(--link); }
a:focus-visible, .wide:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--paper); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; margin: 0; padding: 0; list-style: none; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; line-height: 1.5; }
th, td { padding: .4rem .6rem; border: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: break-word; min-width: 5rem; }
thead th { background: var(--shade); white-space: nowrap; }
tbody th { font-weight: 600; }
tbody th code, td code { white-space: nowrap; }
tbody tr:nth-child(even) { background: color-mix(in srgb, var(--shade) 55%, transparent); }
code { font: .92em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
@media print {
  :root { --ink: #000; --paper: #fff; --line: #888; --shade: #eee; --link: #000; }
  @page { size: A4 landscape; margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  nav, .skip { display: none; }
  .wide { overflow: visible; }
  table { font-size: 8pt; }
  th, td { min-width: 0; padding: .2rem .35rem; }
  tbody th code, td code { white-space: normal; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  a { text-decoration: none; }
}
"""
