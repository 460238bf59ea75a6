#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw house.svg: the targets in layers, a target imports only from layers above it."""
import pathlib

LAYERS = [
    ("text and octets", ["Timekeeping", "JSONText", "DLMSCodec"], "#e8f1fb"),
    ("meaning and protection", ["COSEMModel", "DLMSSecurity", "ProtocolDecoder"], "#e3f4ea"),
    ("protocol machines (sans-io)", ["DLMSEngine"], "#e3f4ea"),
    ("meter side", ["MeterTransport", "MeterSessions", "MeterSimulator"], "#fdf1dc"),
    ("fleet and stores", ["Jobs", "Fleet", "SQLStore", "SQLiteDriver", "PostgreSQLDriver"], "#f6e8f5"),
    ("use cases", ["GatewayCore"], "#f3f3f3"),
    ("HTTP side", ["HTTPKit", "MicroHTTPServer", "GatewayAPI"], "#fde7e4"),
    ("composition", ["cosem-gateway"], "#e9e9e9"),
]
WIDTH, ROW, BOX = 960, 66, 190

out = [
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(LAYERS) + 20}" '
    'font-family="system-ui, sans-serif" font-size="15">',
    '<rect width="100%" height="100%" fill="#ffffff"/>',
]
for row, (title, targets, colour) in enumerate(LAYERS):
    y = 10 + row * ROW
    out.append(f'<rect x="10" y="{y}" width="{WIDTH - 20}" height="{ROW - 10}" rx="8" fill="{colour}"/>')
    out.append(f'<text x="24" y="{y + 32}" fill="#555">{title}</text>')
    x = WIDTH - 24 - len(targets) * BOX
    # Four and more need narrower ones to leave room for the title.
    width = BOX - 14 if len(targets) < 4 else BOX - 40 if len(targets) == 4 else BOX - 54
    x = WIDTH - 24 - len(targets) * (width + 14)
    for target in targets:
        out.append(f'<rect x="{x}" y="{y + 9}" width="{width}" height="{ROW - 28}" rx="6" fill="#fff" stroke="#888"/>')
        out.append(f'<text x="{x + width / 2}" y="{y + 33}" text-anchor="middle" fill="#111">{target}</text>')
        x += width + 14
    if row:
        out.append(f'<path d="M {WIDTH / 2} {y} v -10" stroke="#555" stroke-width="2" marker-end="url(#up)"/>')
out.insert(1, '<defs><marker id="up" markerWidth="8" markerHeight="8" refX="4" refY="4" orient="auto">'
              '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>')
out.append("</svg>")
pathlib.Path(__file__).with_suffix(".svg").write_text("\n".join(out) + "\n", encoding="utf-8")
