/** How the page of a report looks, on light and dark screens and on paper. */

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #16191d; --soft: #5b6470; --rule: #e3e7ec; --accent: #0b63c5;
  --warn-back: #fff6e0; --warn-rule: #e2b33c; --good: #14804a; --bad: #c2362f;
  --line-1: #0b63c5; --line-2: #d9660b; --line-3: #14804a; --line-4: #c2362f; --line-5: #7a55c7; --line-6: #8a939e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #171b21; --ink: #e8ebef; --soft: #98a2ae; --rule: #272d36; --accent: #6cb1ff;
    --warn-back: #2c2412; --warn-rule: #a17a1c; --good: #4cc38a; --bad: #ff7a70;
    --line-1: #58a6ff; --line-2: #f0934a; --line-3: #4cc38a; --line-4: #ff7a70; --line-5: #b195f2; --line-6: #7d8792;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 56px; }
header p { margin: 0; color: var(--soft); }
header .what { color: var(--accent); font-weight: 600; letter-spacing: .02em; }
h1 { margin: 2px 0 6px; font-size: 30px; line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { margin: 44px 0 14px; font-size: 19px; letter-spacing: -.01em; }
h3 { margin: 0; font-size: 15px; }
.notes { margin: 22px 0 0; padding: 12px 18px 12px 34px; background: var(--warn-back); border: 1px solid var(--warn-rule); border-radius: 10px; }
.notes li + li { margin-top: 4px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(146px, 1fr)); gap: 12px; margin: 26px 0 0; padding: 0; }
.facts div { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 14px 16px; min-width: 0; overflow-wrap: anywhere; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 2px 0 0; font-size: 22px; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.facts small { display: block; color: var(--soft); font-size: 12.5px; font-weight: 400; letter-spacing: 0; }
.good { color: var(--good); } .bad { color: var(--bad); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; }
.chart, .card { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 16px 18px 10px; }
.card { padding: 6px 18px; overflow-x: auto; }
figcaption p { margin: 0; color: var(--soft); font-size: 13px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0 4px; padding: 0; list-style: none; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 6px; border-radius: 2px; vertical-align: middle; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--rule); } svg .base { stroke: var(--soft); stroke-opacity: .55; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
svg .dashed { stroke-dasharray: 2 5; stroke-width: 2.4; }
svg .area { fill-opacity: .13; }
svg .warm-up { fill: var(--soft); fill-opacity: .1; } svg .note { font-style: italic; }
svg .hint rect { fill: transparent; } svg .hint path { stroke: var(--soft); stroke-dasharray: 3 3; opacity: 0; }
svg .hint:hover path { opacity: .8; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 10px; text-align: right; border-top: 1px solid var(--rule); white-space: nowrap; }
tr:first-child > * { border-top: 0; }
th { font-weight: 600; } thead th { color: var(--soft); font-size: 13px; font-weight: 500; }
th:first-child, td.text { text-align: left; } td.text { white-space: normal; overflow-wrap: anywhere; }
tbody th { width: 1%; padding-right: 28px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; align-items: start; }
.outside li { margin: 6px 0; } .outside { margin: 8px 0; padding-left: 18px; color: var(--soft); }
footer { margin-top: 36px; color: var(--soft); font-size: 13px; }
@media print { body { background: none; } main { max-width: none; padding: 0; } .chart, .card, .facts div { break-inside: avoid; } }
`.trim();
