"""Plots as SVG, written by hand: bars of ratios against goals, and points on a plane."""

from html import escape

STYLE = """<style>text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#333}.t{font-weight:600;font-size:14px}
.grid{stroke:#ddd}.goal{stroke:#c0392b;stroke-width:2}.a{fill:#2f5fde}.b{fill:#9db4ee}.ours{fill:#d9622b}.peer{fill:#2f5fde}
.line{fill:none;stroke:#2f5fde;stroke-opacity:.5}</style>"""


def _svg(width, height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
            f'{STYLE}<rect width="{width}" height="{height}" fill="#fff"/>{body}</svg>\n')


def ratio_bars(title, rows, ratio_name="peer / ours"):
    """`rows`: (label, ratio, goal or None); a ratio over 1 is in our favour."""
    height = 50 + 34 * len(rows)
    most = max([1.2] + [max(r, g or 0) for _, r, g in rows]) * 1.1
    at = lambda value: 270 + 380 * value / most
    body = f'<text class="t" x="16" y="24">{escape(title)} ({ratio_name}; longer is better for us)</text>'
    body += f'<line class="grid" x1="{at(1):.1f}" x2="{at(1):.1f}" y1="36" y2="{height - 10}"/>'
    for index, (label, ratio, goal) in enumerate(rows):
        y = 44 + 34 * index
        body += f'<text x="260" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
        body += f'<rect class="{"a" if goal else "b"}" x="270" y="{y}" width="{at(ratio) - 270:.1f}" height="22" rx="3"/>'
        body += f'<text x="{at(max(ratio, goal or 0)) + 8:.1f}" y="{y + 15}">{ratio:.2f}</text>'
        if goal:
            body += f'<line class="goal" x1="{at(goal):.1f}" x2="{at(goal):.1f}" y1="{y - 4}" y2="{y + 26}"/>'
    return _svg(720, height, body)


def points(title, x_name, y_name, series):
    """`series`: (name, css class, joined by a line, [(label, x, y)])."""
    every = [p for _, _, _, ps in series for p in ps]
    x_low, x_high = 0, max(x for _, x, _ in every) * 1.15
    low, high = min(y for _, _, y in every), max(y for _, _, y in every)
    y_low, y_high = low - (high - low) * 0.12 - 0.01, high + (high - low) * 0.12 + 0.01
    px = lambda x: 80 + 600 * (x - x_low) / (x_high - x_low)
    py = lambda y: 360 - 310 * (y - y_low) / (y_high - y_low)
    body = f'<text class="t" x="16" y="24">{escape(title)}</text>'
    for step in range(6):
        y, x = y_low + (y_high - y_low) * step / 5, x_high * step / 5
        body += f'<line class="grid" x1="80" x2="680" y1="{py(y):.1f}" y2="{py(y):.1f}"/>'
        body += f'<text x="72" y="{py(y) + 4:.1f}" text-anchor="end">{y:.2f}</text>'
        body += f'<text x="{px(x):.1f}" y="378" text-anchor="middle">{x:.2f}</text>'
    body += f'<text x="380" y="398" text-anchor="middle">{escape(x_name)}</text>'
    body += f'<text transform="translate(22 200) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>'
    for name, css, joined, ps in series:
        if joined:
            body += f'<polyline class="line" points="{" ".join(f"{px(x):.1f},{py(y):.1f}" for _, x, y in sorted(ps, key=lambda p: p[1]))}"/>'
        for label, x, y in ps:
            body += f'<circle class="{css}" cx="{px(x):.1f}" cy="{py(y):.1f}" r="5"><title>{escape(name)}</title></circle>'
            body += f'<text x="{px(x) + 8:.1f}" y="{py(y) - 6:.1f}">{escape(label)}</text>'
    return _svg(720, 410, body)
