// SPDX-License-Identifier: Apache-2.0
import { h, fill, s, number } from './parts.js';

/// Round steps for an axis from `low` to `high`.
function ticks(low, high, count) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(size => span / size <= count) || span;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

const spans = [60e3, 300e3, 900e3, 1800e3, 3600e3, 7200e3, 10800e3, 21600e3, 43200e3, 864e5, 1728e5, 6048e5];
const short = value => Math.abs(value) >= 1e12 || (value && Math.abs(value) < 1e-3) ? value.toExponential(1) : number(value);

/// A curve over time: `<console-chart>` with `data` set to
/// `{points: [{t, v, doubt}], gaps: [[from, to]], from, to, bars, width, unit, label, text(t)}`; `width` is that of a bar in ms,
/// `v` null breaks the line, gaps stay open and are marked.
/// It is a slider along its points, so that keys reach what a pointer does.
class ConsoleChart extends HTMLElement {
  connectedCallback() {
    this.tabIndex = 0;
    this.setAttribute('role', 'slider');
    this.onkeydown = event => {
      const last = this.known.length - 1, at = this.at ?? last;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: last }[event.key];
      if (to === undefined || last < 0) return;
      event.preventDefault();
      this.point(Math.min(last, Math.max(0, to)));
    };
    this.onfocus = () => this.point(this.at ?? this.known.length - 1);
    this.onblur = () => this.point(null);
  }
  set data(data) {
    this.given = data;
    this.watch ||= new ResizeObserver(() => this.draw());
    this.watch.observe(this);
    this.draw();
  }
  disconnectedCallback() { this.watch?.disconnect(); this.watch = null; }
  draw() {
    const { points, gaps = [], bars, width = 0, unit = '', label, text, height = 240, from, to } = this.given;
    const wide = Math.max(260, this.clientWidth || 600);
    if (this.drawn === points && this.wide === wide) return;
    this.drawn = points;
    this.wide = wide;
    const known = this.known = points.filter(point => point.v !== null);
    const values = known.map(point => point.v);
    let low = Math.min(...values), high = Math.max(...values);
    if (!known.length) { low = 0; high = 1; }
    if (bars || (low >= 0 && low < (high - low))) low = Math.min(0, low);
    if (low === high) { high += Math.abs(high) * .01 || 1; if (!bars) low -= Math.abs(low) * .01; }
    const marks = ticks(low, high, height > 120 ? 5 : 3);
    const left = Math.max(34, ...marks.map(mark => 14 + 6.6 * short(mark).length)), right = 8, top = unit ? 20 : 8, bottom = height - 24;
    const x = t => left + (t - from) / (to - from || 1) * (wide - left - right);
    const y = v => bottom - (v - low) / (high - low) * (bottom - top);
    const drawing = s('svg', { viewBox: `0 0 ${wide} ${height}`, 'aria-hidden': 'true' });
    this.setAttribute('aria-label', label);
    for (const [start, end] of gaps) {
      const a = Math.max(left, x(start)), b = Math.min(wide - right, x(end));
      if (b <= a) continue;
      drawing.append(s('rect', { class: 'gap', x: a, y: top, width: Math.max(2, b - a), height: bottom - top }), s('path', { class: 'gap-edge', d: `M${a} ${top}V${bottom}M${b} ${top}V${bottom}` }));
    }
    for (const mark of marks) drawing.append(s('line', { class: 'grid', x1: left, x2: wide - right, y1: y(mark), y2: y(mark) }), s('text', { x: left - 8, y: y(mark) + 4, 'text-anchor': 'end' }, short(mark)));
    if (unit) drawing.append(s('text', { x: left - 8, y: 10, 'text-anchor': 'end' }, unit));
    const step = spans.find(span => (to - from) / span <= wide / 90) || 6048e5;
    // Marks stand at round local times, also after the clocks were changed.
    const shift = this.given.shift ?? (t => -new Date(t).getTimezoneOffset() * 60e3);
    for (let local = Math.ceil((from + shift(from)) / step) * step; local <= to + shift(to); local += step) {
      const t = local - shift(local - shift(from));
      if (x(t) > left + 12 && x(t) < wide - right - 16) drawing.append(s('text', { x: x(t), y: height - 6, 'text-anchor': 'middle' }, text(t, step)));
    }
    if (bars) {
      const size = Math.max(1, (x(from + width) - x(from)) - (wide > 500 ? 1 : .4));
      for (const point of known) drawing.append(s('rect', { class: point.doubt ? 'doubt' : 'bar0', x: x(point.t - width) + .5, y: Math.min(y(point.v), y(0)), width: size, height: Math.max(.5, Math.abs(y(0) - y(point.v))) }));
    } else {
      let line = '', area = '', start = null, last = null;
      for (const point of [...points, { v: null }]) {
        if (point.v === null) { if (start !== null) area += `L${x(last)} ${bottom}L${x(start)} ${bottom}Z`; start = null; continue; }
        const at = `${x(point.t).toFixed(1)} ${y(point.v).toFixed(1)}`;
        line += (start === null ? 'M' : 'L') + at;
        area += (start === null ? 'M' : 'L') + at;
        start ??= point.t;
        last = point.t;
      }
      drawing.append(s('path', { class: 'area0', d: area }), s('path', { class: 'line0', d: line }));
      for (const point of known) if (point.doubt) drawing.append(s('circle', { class: 'doubt', cx: x(point.t), cy: y(point.v), r: 3 }));
    }
    drawing.append(s('line', { class: 'axis', x1: left, x2: wide - right, y1: bottom, y2: bottom }));
    const tip = h('div.tip', { hidden: true });
    const cursor = s('line', { class: 'mark', y1: top, y2: bottom, visibility: 'hidden' });
    drawing.append(cursor);
    this.setAttribute('aria-valuemax', Math.max(0, known.length - 1));
    /// Shows a point, or none.
    this.point = place => {
      this.at = known[place] ? place : null;
      const near = known[this.at ?? known.length - 1], said = near ? `${text(near.t, 0)}   ${number(Number(near.v.toPrecision(12)))} ${unit}` : '';
      this.setAttribute('aria-valuenow', this.at ?? Math.max(0, known.length - 1));
      this.setAttribute('aria-valuetext', said || label);
      tip.hidden = this.at === null;
      cursor.setAttribute('visibility', tip.hidden ? 'hidden' : 'visible');
      if (tip.hidden) return;
      const at = x(near.t) - (bars ? (x(from + width) - x(from)) / 2 : 0);
      cursor.setAttribute('x1', at);
      cursor.setAttribute('x2', at);
      tip.textContent = said;
      tip.style.left = `${Math.min(Math.max(0, at - tip.offsetWidth / 2), Math.max(0, wide - tip.offsetWidth))}px`;
    };
    drawing.addEventListener('pointermove', event => {
      const place = (event.clientX - drawing.getBoundingClientRect().left) * wide / drawing.clientWidth;
      const t = from + (place - left) / (wide - left - right) * (to - from) + (bars ? width / 2 : 0);
      this.point(known.reduce((best, point, at) => Math.abs(point.t - t) < Math.abs(known[best].t - t) ? at : best, 0));
    });
    drawing.addEventListener('pointerleave', () => this.point(null));
    fill(this, drawing, tip);
    this.point(document.activeElement === this ? Math.min(this.at ?? known.length, known.length - 1) : null);
  }
}
customElements.define('console-chart', ConsoleChart);
