/** The page's style. */

/** `page.css` */
export const PAGE_STYLE = String.raw`:root {
  color-scheme: light dark;
  --page: #f4f5f6;
  --card: #ffffff;
  --ink: #1b1f24;
  --quiet: #626b76;
  --line: #dcdfe4;
  --field: #ffffff;
  --field-line: #b9c0c9;
  --accent: #1f63c4;
  --good: #1d8a43;
  --wait: #b06a00;
  --bad: #c62f2f;
  --pit: #15181c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a;
    --card: #1c2024;
    --ink: #e4e7eb;
    --quiet: #98a1ac;
    --line: #2e343a;
    --field: #14171a;
    --field-line: #48505a;
    --accent: #78acf5;
    --good: #4cc274;
    --wait: #e2a33d;
    --bad: #f27272;
    --pit: #0b0d0f;
  }
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
body {
  background: var(--page);
  color: var(--ink);
  font: 13px/1.4 system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2 { font-size: 13px; font-weight: 600; }
button, input { font: inherit; color: inherit; }
button {
  padding: 2px 8px;
  border: 1px solid var(--field-line);
  border-radius: 4px;
  background: var(--card);
  cursor: pointer;
}
button:hover:enabled { border-color: var(--quiet); }
button:disabled { opacity: 0.4; cursor: default; }
button[aria-pressed="true"] { background: var(--line); }
.icon { flex: none; display: grid; place-items: center; padding: 0; width: 26px; height: 26px; border-color: transparent; color: var(--quiet); }
.icon:hover:enabled { color: var(--ink); background: var(--line); border-color: transparent; }
.icon svg { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
a { color: var(--accent); }
input:not([type="range"]) {
  min-width: 0;
  padding: 3px 6px;
  border: 1px solid var(--field-line);
  border-radius: 4px;
  background: var(--field);
}
input[aria-invalid="true"] { border-color: var(--bad); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }

.bar {
  display: flex;
  align-items: center;
  gap: 16px;
  min-height: 36px;
  padding: 4px 12px;
  background: var(--card);
  border-bottom: 1px solid var(--line);
}
.bar h1 { flex: none; max-width: 60%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.state { display: flex; align-items: center; gap: 6px; color: var(--quiet); white-space: nowrap; }
.state::before { content: ""; flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--quiet); }
.state[data-state="running"]::before, .state[data-state="live"]::before { background: var(--good); }
.state[data-state="connecting"]::before, .state[data-state="reconnecting"]::before, .state[data-state="stalled"]::before { background: var(--wait); }
.state[data-state="failed"]::before, .state[data-state="locked"]::before { background: var(--bad); }
.bar .state { white-space: normal; }
.to-labels { display: none; order: 1; margin-left: auto; }

main { display: grid; grid-template-columns: minmax(0, 1fr) 288px; gap: 12px; padding: 12px; align-items: start; }
#sources { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)); gap: 12px; align-items: start; }
#sources[data-count="1"] { grid-template-columns: minmax(0, 1fr); }
.source, aside { background: var(--card); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.source.large { grid-column: 1 / -1; order: -1; }
.source > header { display: flex; align-items: center; gap: 12px; padding: 4px 4px 4px 10px; }
.source .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.actions { display: flex; gap: 2px; margin-left: auto; }
#sources[data-count="1"] .enlarge { display: none; }
.reason { padding: 0 10px 6px; color: var(--quiet); overflow-wrap: anywhere; }
.source[data-state="failed"] .reason { color: var(--bad); }

.picture { position: relative; display: grid; place-items: center; background: var(--pit); aspect-ratio: 16 / 9; overflow: hidden; }
.picture canvas { width: 100%; height: 100%; object-fit: contain; min-height: 0; }
#sources[data-count="1"] .picture, .source.large .picture { aspect-ratio: auto; height: min(62vh, 62vw); }
.picture figcaption { position: absolute; color: #98a1ac; }
.source[data-state="stalled"] .view, .source[data-state="reconnecting"] .view, .source[data-state="failed"] .view,
body:not([data-connection="live"]) .view { opacity: 0.45; }
:is(.source[data-state="stalled"], .source[data-state="reconnecting"], .source[data-state="failed"], .source[data-state="ended"]) .numbers { opacity: 0.55; }

.numbers { display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 6px 10px 4px; }
.numbers div { display: flex; flex-direction: column-reverse; min-width: 46px; }
.numbers dt { color: var(--quiet); font-size: 11px; line-height: 1.2; }
.numbers dd { font-weight: 600; }
.chart { display: block; width: 100%; height: 94px; font-size: 10.5px; cursor: crosshair; touch-action: pan-y; }
#sources[data-count="1"] .chart { height: 150px; }
.shares { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 1px 18px; padding: 4px 10px 8px; list-style: none; }
.shares li { display: flex; align-items: center; gap: 6px; min-width: 0; }
.share-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.shares b { margin-left: auto; font-weight: 400; color: var(--quiet); white-space: nowrap; }
.shares.pointed b { color: var(--ink); }
.swatch { flex: none; width: 10px; height: 10px; border-radius: 2px; box-shadow: inset 0 0 0 1px rgb(0 0 0 / 0.18); }

aside { position: sticky; top: 12px; max-height: calc(100vh - 24px); overflow-y: auto; padding: 8px 10px 10px; }
aside header { display: flex; justify-content: space-between; min-height: 24px; }
#labels-status, .note { color: var(--quiet); }
#labels { padding: 0; list-style: none; }
.label {
  display: grid;
  grid-template-columns: 10px minmax(0, 1fr) 34px 24px;
  gap: 2px 8px;
  align-items: center;
  padding: 7px 0;
  border-top: 1px solid var(--line);
}
.label .label-name { grid-column: 2 / 4; }
.label .threshold { grid-column: 2; width: 100%; margin: 0; height: 18px; accent-color: var(--accent); }
.label.unset .threshold { opacity: 0.4; }
.label.unset .threshold:is(:hover, :focus-visible) { opacity: 1; }
.threshold-value { text-align: right; }
.label.unset .threshold-value { color: var(--quiet); }
.label .error { grid-column: 2 / -1; }
.label .icon { width: 24px; height: 24px; }
.label .reset { height: 18px; }
.reset:disabled { visibility: hidden; }
.error { grid-column: 2 / -1; }
.remove, .reset { padding: 0; width: 24px; height: 24px; border-color: transparent; color: var(--quiet); line-height: 1; }
.reset { height: 18px; }
.reset:disabled { visibility: hidden; }
.error { color: var(--bad); overflow-wrap: anywhere; }
#add { display: flex; gap: 6px; padding: 10px 0 0; border-top: 1px solid var(--line); }
#add input { flex: 1; }
#add-error { padding-top: 4px; }
.note { padding-top: 10px; font-size: 12px; }

.locked { display: grid; place-items: center; min-height: 100vh; padding: 12px; }
.locked form { display: grid; gap: 12px; max-width: 360px; padding: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }

@media (max-width: 860px) {
  main { grid-template-columns: minmax(0, 1fr); padding: 8px; gap: 8px; }
  .to-labels { display: block; }
  aside { position: static; max-height: none; }
  #sources { gap: 8px; }
}
`;
