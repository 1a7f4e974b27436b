// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** The whole style of the reference. It stands in the page, so that the page needs nothing else. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#ffffff, #14171c);
  --panel: light-dark(#f5f6f8, #1c2027);
  --line: light-dark(#dfe3e8, #313842);
  --text: light-dark(#1d232b, #dde2e9);
  --quiet: light-dark(#5a6572, #98a3b1);
  --accent: light-dark(#0b5cad, #7ab8f5);
  --get: light-dark(#0b6b3a, #6fd39b);
  --post: light-dark(#0b5cad, #7ab8f5);
  --patch: light-dark(#8a5300, #f0b45e);
  --delete: light-dark(#a81e24, #ff8d8d);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.layout { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 80rem; margin: 0 auto; }
nav {
  position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto;
  padding: 1.5rem 1rem 2rem; border-right: 1px solid var(--line); font-size: 0.9rem;
}
nav h2 { margin: 1.1rem 0 0.25rem; font-size: 0.75rem; letter-spacing: 0.06em; text-transform: uppercase; color: var(--quiet); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: block; padding: 0.15rem 0; color: var(--text); }
main { padding: 1.5rem 2rem 4rem; min-width: 0; }
h1 { margin: 0 0 0.25rem; font-size: 1.7rem; }
h1 small { font-size: 0.9rem; font-weight: 400; color: var(--quiet); }
main > section > h2 { margin: 3rem 0 0; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); font-size: 1.35rem; }
article { margin: 2rem 0 0; }
article h3 { margin: 0 0 0.4rem; font-size: 1.05rem; }
h4 { margin: 1.1rem 0 0.3rem; font-size: 0.85rem; color: var(--quiet); font-weight: 600; }
.route { display: flex; flex-wrap: wrap; gap: 0.3rem 0.6rem; align-items: baseline; }
.route code { overflow-wrap: anywhere; }
.method { font: 700 0.78rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
.GET { color: var(--get); } .POST { color: var(--post); } .PATCH { color: var(--patch); } .DELETE { color: var(--delete); }
.quiet { color: var(--quiet); font-size: 0.9rem; }
pre {
  margin: 0; padding: 0.8rem 1rem; overflow-x: auto;
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
}
.fields { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.fields li { display: grid; grid-template-columns: minmax(9rem, 16rem) minmax(0, 1fr); gap: 0 1rem; padding: 0.35rem 0; border-bottom: 1px solid var(--line); }
.fields code { overflow-wrap: anywhere; }
.fields .inside { color: var(--quiet); }
.required { color: var(--delete); font-size: 0.75rem; margin-left: 0.35rem; }
details { margin-top: 0.8rem; }
summary { cursor: pointer; color: var(--quiet); font-size: 0.9rem; }
@media (max-width: 50rem) {
  .layout { display: block; }
  nav { position: static; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); padding: 1rem; }
  nav ul { display: flex; flex-wrap: wrap; gap: 0 0.9rem; }
  main { padding: 1rem 1rem 3rem; }
  .fields li { grid-template-columns: minmax(0, 1fr); }
}
@media print { nav { display: none; } .layout { display: block; } }
`;
