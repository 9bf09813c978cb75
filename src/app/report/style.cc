#include "app/report/assets.h"

namespace vf::app {

const std::string_view kPageStyle = R"css(
:root { --ink: #1b1f27; --soft: #5b6473; --paper: #f7f8fa; --sheet: #fff; --line: #e1e5eb; --accent: #2f5fde;
  --good: #18794e; --good-bg: #e2f5ea; --calm: #2b4fa8; --calm-bg: #e6edfb; --warn: #8a5300; --warn-bg: #fff3dc;
  --c0: #2f5fde; --c1: #d9622b; --c2: #18936a; --c3: #a244c4; --c4: #b8860b; --c5: #0e8fa8; --c6: #c4315f; --c7: #667085; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b5; --paper: #12151b; --sheet: #1a1e26;
  --line: #2c323d; --accent: #7ea2ff; --good: #6fd3a0; --good-bg: #16352a; --calm: #a9c1ff; --calm-bg: #1d2a4a;
  --warn: #f2c27a; --warn-bg: #3a2c12;
  --c0: #7ea2ff; --c1: #ff9a66; --c2: #54cf9f; --c3: #d590f0; --c4: #e3bd4f; --c5: #56c8de; --c6: #ff86a8; --c7: #9aa4b5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 12px; } h3 { font-size: 14px; margin: 16px 0 4px; color: var(--soft); font-weight: 600; }
section, .player { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin-top: 18px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(135px, 1fr)); gap: 12px; }
.card { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 12px 14px; }
.card b { display: block; font-size: 18px; font-variant-numeric: tabular-nums; white-space: nowrap; } .card span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; } tbody th { font-weight: 600; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bars { width: 34%; min-width: 120px; vertical-align: middle; } .bar { display: block; width: 100%; height: 10px; fill: var(--accent); } .bar .track { fill: var(--line); }
.tag { display: inline-block; padding: 0 8px; border-radius: 20px; font-size: 12px; font-weight: 600; background: var(--line); color: var(--soft); }
.tag.copy { background: var(--good-bg); color: var(--good); } .tag.encode { background: var(--calm-bg); color: var(--calm); }
.warnings { background: var(--warn-bg); color: var(--warn); border-radius: 12px; padding: 14px 20px; margin-top: 18px; }
.warnings h2 { margin: 0 0 4px; font-size: 15px; } .warnings ul { margin: 0; padding-left: 20px; }
.plot { margin: 0; } .plot svg { width: 100%; height: auto; display: block; }
.plot text { font-size: 11px; fill: var(--soft); } .plot .grid { stroke: var(--line); } .plot .guide { stroke: var(--soft); stroke-dasharray: 4 4; }
.plot polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.plot figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); padding-left: 10%; }
.key i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); }
.s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); } .s6 { stroke: var(--c6); } .s7 { stroke: var(--c7); }
.b0 { background: var(--c0); } .b1 { background: var(--c1); } .b2 { background: var(--c2); } .b3 { background: var(--c3); }
.b4 { background: var(--c4); } .b5 { background: var(--c5); } .b6 { background: var(--c6); } .b7 { background: var(--c7); }
.player { padding: 0; overflow: hidden; } .player:fullscreen { border-radius: 0; display: flex; flex-direction: column; background: #000; }
.screen { position: relative; background: #000; } .player:fullscreen .screen { flex: 1; min-height: 0; }
.screen video { display: block; width: 100%; max-height: 72vh; cursor: pointer; } .player:fullscreen video { height: 100%; max-height: none; }
.screen.sound video { height: 160px; }
.preview { position: absolute; bottom: 8px; transform: translateX(-50%); border: 2px solid #fff; border-radius: 6px; overflow: hidden; background-color: #000; background-repeat: no-repeat; pointer-events: none; }
.preview span { position: absolute; bottom: 2px; left: 0; right: 0; text-align: center; color: #fff; font-size: 12px; text-shadow: 0 0 3px #000, 0 0 3px #000; }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 10px 14px; background: var(--sheet); }
.controls input[type=range] { accent-color: var(--accent); } #seek { flex: 1 1 100%; margin: 0; } #volume { width: 84px; }
.controls button, .controls select { font: inherit; font-size: 14px; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 5px 10px; max-width: 240px; }
.controls button { cursor: pointer; min-width: 44px; } :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.time { font-variant-numeric: tabular-nums; color: var(--soft); margin-right: auto; } .controls label { font-size: 13px; color: var(--soft); display: flex; align-items: center; gap: 6px; }
.problem, .note { color: var(--warn); background: var(--warn-bg); margin: 0; padding: 10px 16px; } .note { border-radius: 12px; margin-top: 18px; }
a { color: var(--accent); } code { font-size: 13px; } footer { margin-top: 24px; color: var(--soft); font-size: 13px; }
[hidden] { display: none !important; }
)css";

}  // namespace vf::app
