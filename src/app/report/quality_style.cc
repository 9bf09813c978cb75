#include "app/report/assets.h"

namespace vf::app {

const std::string_view kQualityStyle = R"css(
.timeline { width: 100%; height: auto; display: block; }
.timeline text { font-size: 12px; fill: var(--soft); } .timeline .lane { fill: var(--ink); }
.timeline .track { fill: var(--line); opacity: .45; } .timeline .tick { stroke: var(--line); }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
.f4 { fill: var(--c4); } .f5 { fill: var(--c5); } .f6 { fill: var(--c6); } .f7 { fill: var(--c7); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 10px; margin: 0 0 18px; }
.pair figure { margin: 0; } .pair img { width: 100%; height: auto; display: block; border-radius: 6px; }
.pair figcaption { color: var(--soft); font-size: 13px; padding-top: 4px; }
.words { margin: 0; padding-left: 20px; } .words li { margin: 2px 0; } .calm { color: var(--soft); }
)css";

}  // namespace vf::app
