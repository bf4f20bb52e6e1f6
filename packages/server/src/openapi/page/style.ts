/** How the page looks, in light and in dark, on a wide screen and on a narrow one. */
export const STYLE = `
:root {
  --ground: #fbfbf9; --surface: #ffffff; --ink: #1d2329; --soft: #5d6873; --line: #e4e4de; --accent: #0b6e7f;
  --code: #f3f4f1; --get: #0b6e7f; --post: #2f7d32; --patch: #a25b00; --delete: #b3261e; --mark: #fff3bf;
  --mono: ui-monospace, 'SF Mono', 'JetBrains Mono', Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161a; --surface: #191f25; --ink: #e6e9ec; --soft: #98a4b0; --line: #2a323a; --accent: #5cc3d6;
    --code: #0d1114; --get: #5cc3d6; --post: #7fcf83; --patch: #f0b35e; --delete: #ff8a80; --mark: #4a3f10;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 5rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
}
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px; }
code { font-family: var(--mono); font-size: .875em; background: var(--code); padding: .1em .35em; border-radius: 4px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; z-index: 3; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
[hidden] { display: none !important; }
header {
  position: sticky; top: 0; z-index: 2; display: flex; align-items: center; gap: 1rem; height: 3.75rem;
  padding: 0 1.5rem; background: color-mix(in srgb, var(--ground) 88%, transparent); backdrop-filter: blur(10px);
  border-bottom: 1px solid var(--line);
}
.brand { display: flex; align-items: center; gap: .5rem; color: var(--ink); font-weight: 650; font-size: 1.1rem; text-decoration: none; }
.brand svg { color: var(--accent); }
.version { color: var(--soft); font: .8rem var(--mono); }
.search { margin-left: auto; }
.search input {
  width: min(22rem, 42vw); padding: .45rem .85rem; border: 1px solid var(--line); border-radius: 999px;
  background: var(--surface); color: var(--ink); font: inherit; font-size: .925rem;
}
:is(a, input, summary, button, label):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.raw { font-size: .9rem; white-space: nowrap; }
.layout { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 96rem; margin: 0 auto; }
nav {
  position: sticky; top: 3.75rem; height: calc(100vh - 3.75rem); overflow-y: auto; padding: 1.25rem .75rem 3rem 1.5rem;
  border-right: 1px solid var(--line); scrollbar-width: thin;
}
nav h2 { margin: 1.25rem .5rem .35rem; font-size: .72rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }
nav .group:first-child h2 { margin-top: 0; }
nav a { display: flex; align-items: baseline; gap: .5rem; padding: .28rem .5rem; border-radius: 6px; color: var(--ink); font-size: .9rem; line-height: 1.35; text-decoration: none; }
nav a:hover { background: var(--code); }
nav a[aria-current] { background: color-mix(in srgb, var(--accent) 13%, transparent); }
.method { font: 650 .66rem var(--mono); letter-spacing: .03em; color: var(--get); }
nav .method { flex: none; width: 2.9rem; }
.method.post { color: var(--post); } .method.patch { color: var(--patch); } .method.delete { color: var(--delete); }
main { min-width: 0; padding: 2.5rem 2.5rem 8rem; }
h1 { margin: 0 0 .75rem; font-size: 2.1rem; line-height: 1.15; letter-spacing: -.02em; }
.intro { max-width: 46rem; margin-bottom: 3.5rem; }
.intro p { color: var(--soft); }
.tag > h2 { margin: 0 0 1.25rem; font-size: 1.35rem; letter-spacing: -.01em; padding-bottom: .5rem; border-bottom: 1px solid var(--line); }
.tag { margin-bottom: 4rem; }
.operation { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 28rem); gap: 2.5rem; padding: 1rem 0 3rem; }
.operation h3 { margin: 0 0 .25rem; font-size: 1.15rem; }
.operation h3 a { color: inherit; text-decoration: none; }
.operation h3 a:hover { text-decoration: underline; }
.operation h4 { margin: 1.75rem 0 .5rem; font-size: .78rem; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); }
.route { display: flex; align-items: center; gap: .6rem; margin: 0 0 .75rem; }
.route .method { font-size: .75rem; padding: .15rem .5rem; border: 1px solid currentColor; border-radius: 999px; }
.route code { background: none; padding: 0; font-size: .95rem; overflow-wrap: anywhere; }
.note { color: var(--soft); font-size: .875rem; }
.fields { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
.fields > li { padding: .7rem .95rem; }
.fields > li + li { border-top: 1px solid var(--line); }
.fields p { margin: .2rem 0 0; font-size: .925rem; }
.field { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .6rem; }
.name { background: none; padding: 0; font-weight: 650; font-size: .9rem; }
.type { color: var(--soft); font: .8rem var(--mono); overflow-wrap: anywhere; }
.required { color: var(--delete); font-size: .75rem; }
details { margin-top: .5rem; }
summary { cursor: pointer; color: var(--accent); font-size: .875rem; width: fit-content; }
details > .fields { margin-top: .5rem; background: color-mix(in srgb, var(--code) 55%, var(--surface)); }
table { width: 100%; margin-top: .5rem; border-collapse: collapse; font-size: .9rem; }
td { padding: .45rem .5rem .45rem 0; vertical-align: top; border-top: 1px solid var(--line); }
.status { font: 650 .8rem var(--mono); } .status.good { color: var(--post); } .status.bad { color: var(--delete); }
.samples { position: relative; }
.tabs { position: sticky; top: 5rem; display: flex; flex-wrap: wrap; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; background: var(--code); }
.tabs input { position: absolute; opacity: 0; }
.tabs label { order: 0; padding: .5rem .9rem; font-size: .82rem; color: var(--soft); cursor: pointer; border-bottom: 2px solid transparent; }
.tabs input:checked + label { color: var(--ink); border-color: var(--accent); }
.tabs input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: -2px; }
.tabs pre { order: 1; display: none; position: relative; flex: 0 0 100%; width: 100%; margin: 0; padding: 1rem; border-top: 1px solid var(--line); overflow-x: auto; line-height: 1.55; }
.tabs input:checked + label + pre { display: block; }
.tabs pre code { background: none; padding: 0; font-size: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre button { position: absolute; top: .5rem; right: .5rem; padding: .15rem .55rem; border: 1px solid var(--line); border-radius: 6px; background: var(--surface); color: var(--soft); font: .75rem inherit; cursor: pointer; opacity: 0; transition: opacity .15s; }
pre:hover button, pre button:focus-visible { opacity: 1; }
.none { color: var(--soft); }
@media (max-width: 75rem) { .operation { grid-template-columns: minmax(0, 1fr); gap: 1.25rem; } .tabs { position: static; } }
@media (max-width: 52rem) {
  .layout { grid-template-columns: minmax(0, 1fr); } nav { display: none; } main { padding: 1.5rem 1.1rem 5rem; }
  header { padding: 0 1.1rem; } .raw, .version { display: none; } .search input { width: 52vw; }
}
@media print { header, nav, .samples { display: none; } .layout, .operation { display: block; } }
`;
