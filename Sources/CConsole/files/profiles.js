// SPDX-License-Identifier: Apache-2.0
import { T, curlLine, qualityBadge, problem, bones, empty, more, panel, table, field, input, select, choice, action, clock, number, time, download, h, fill, query, send, get } from './parts.js';
import './chart.js';

const periods = { S: 1e3, M: 60e3, H: 3600e3, D: 864e5 };
/// An ISO 8601 duration in ms, as capture periods are written.
const milliseconds = text => [...(text || '').matchAll(/(\d+)([DHMS])/g)].reduce((total, [, count, unit]) => total + count * periods[unit], 0);

/// A profile as a curve and as rows.
export async function profiles({ view, id, body, at, zone }) {
  const words = T.meter.profiles;
  fill(body, h('div.panel', bones(8)));
  const { items } = await get(at('/profiles'));
  const useful = items.filter(item => !/^0\.\d+\.99\.98\./.test(item.obis));
  const profile = items.find(item => item.obis === view.words.get('profile')) || useful.find(item => item.obis.startsWith('1.') && item.capturePeriod) || useful[0];
  if (!profile) return void fill(body, h('div.panel', empty(words.empty, words.emptyHint)));
  const curves = profile.columns.map((column, place) => ({ ...column, place })).filter(column => column.unit);
  const places = profile.columns.filter(column => column.key !== 'time' && column.key !== 'status');
  const curve = curves.find(column => column.key === view.words.get('curve')) || curves[0];
  const from = view.words.get('from'), to = view.words.get('to');
  const last = from ? '' : view.words.get('last') || 'P1D';
  const today = clock(new Date().toISOString(), zone).slice(0, 10), begins = { today, month: today.slice(0, 7) + '-01' };
  const mode = view.words.get('mode') || (curve && /h$|^m3$|m³/.test(curve.unit) ? 'difference' : 'absolute');
  const asked = from ? { from: moment(from, zone), to: to ? moment(to, zone) : null } : begins[last] ? { from: moment(begins[last] + 'T00:00', zone) } : { last };
  const target = at(`/profiles/${profile.obis}/rows`) + query(asked);
  const pick = select('profile', Object.fromEntries(items.map(item => [item.obis, `${item.name || item.obis}${item.name ? ` · ${item.obis}` : ''}`])), profile.obis);
  pick.addEventListener('change', () => { view.set({ profile: pick.value, curve: null, mode: null }); view.show(); });
  const line = curves.length > 1 && select('curve', Object.fromEntries(curves.map(column => [column.key, `${column.name || column.key}, ${column.unit}`])), curve.key);
  line && line.addEventListener('change', () => { view.set({ curve: line.value, mode: null }); view.show(); });
  const start = input('from', { type: 'datetime-local', value: from || '' }), end = input('to', { type: 'datetime-local', value: to || '' });
  const status = h('p.soft', { role: 'status' }), trouble = h('div'), picture = h('div', bones(5)), list = h('div');
  const save = (type, ending, text) => action('button', { text, icon: 'save' }, async () => { const answer = await send({ path: target, headers: { Accept: type } }); download(`${id}-${profile.obis}.${ending}`, type, await answer.text()); }, trouble);
  fill(body,
    h('form.bar', { onsubmit: event => { event.preventDefault(); if (start.value) { view.set({ from: start.value, to: end.value, last: null }); view.show(); } } },
      field(words.pick, pick), line && field(words.column, line), choice(words.ranges, last, words.range, value => { view.set({ last: value, from: null, to: null }); view.show(); }),
      h('details', { open: from ? true : null }, h('summary', words.custom), h('div.actions', field(words.from, start, zone), field(words.to, end, zone), h('button', { type: 'submit' }, T.show)))),
    trouble,
    h('section.panel', { 'aria-label': profile.name || profile.obis },
      h('header', h('div', h('h2', curve ? curve.name || curve.key : profile.name), status), h('div.actions', curve && choice({ difference: words.difference, absolute: words.absolute }, mode, words.column, value => { view.set({ mode: value }); view.show(); }), save('text/csv', 'csv', words.csv), save('application/x-ndjson', 'ndjson', words.ndjson))),
      h('div.body', picture), h('footer', curlLine(target), curlLine({ path: target, headers: { Accept: 'text/csv' } }))),
    list);
  let answer = null;
  const rows = [];
  try {
    for (let next = target; next;) {
      const part = await get(next);
      answer = answer ? { ...part, coverage: part.coverage || answer.coverage } : part;
      rows.push(...part.rows);
      status.textContent = words.coming(rows.length);
      next = rows.length < 20_000 && part.next ? part.next.slice(part.next.indexOf('/meters/')) : null;
    }
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return void (fill(picture), fill(trouble, problem(error, () => view.show())), fill(status));
  }
  const gaps = (answer.coverage?.gaps || []).map(gap => [Date.parse(gap.from), Date.parse(gap.to)]);
  fill(status, [answer.coverage?.expected ? words.coverage(answer.coverage.received, answer.coverage.expected) : words.rows(rows.length), gaps.length ? words.gaps(gaps.length) : null, profile.capturePeriod && words.every(profile.capturePeriod.replace('PT', '').toLowerCase()), words.zone(zone)].filter(Boolean).join(' · '));
  if (!rows.length) return void fill(picture, empty(words.noRows, words.noRowsHint));
  if (curve) {
    const place = places.findIndex(column => column.key === curve.key);
    const width = milliseconds(profile.capturePeriod) || 0;
    const points = series(rows, place, mode, width, gaps);
    const said = (t, step) => { const text = clock(new Date(t).toISOString(), zone); return !step ? text.slice(0, 16) : step >= 864e5 ? text.slice(5, 10) : text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16); };
    const name = curve.name || curve.key;
    fill(picture, h('console-chart', { data: { points, gaps, bars: mode === 'difference', width: width || 36e5, unit: curve.unit, from: Math.min(points[0].t - width, ...gaps.map(gap => gap[0])), to: Math.max(points.at(-1).t, ...gaps.map(gap => gap[1])), shift: t => shift(t, zone), label: words.chart(name, points.length, gaps.length), text: said } }),
      h('p.key', h('span', h('i'), name), gaps.length > 0 && h('span.gap', h('i'), words.gap), points.some(point => point.doubt) && h('span.doubt', h('i'), words.doubt)));
  } else fill(picture);
  rowTable(list, rows, places);
}

/// How far clocks in a zone are ahead of UTC at a moment, in ms.
const shift = (t, zone) => Date.parse(clock(new Date(t).toISOString(), zone).replace(' ', 'T') + 'Z') - t;

/// The moment at which clocks in a zone show a local time such as `2026-11-22T08:15`.
function moment(local, zone) {
  const shown = Date.parse(local + 'Z');
  return new Date(shown - shift(shown - shift(shown, zone), zone)).toISOString().replace('.000', '');
}

/// The points of a curve: the register itself, or what it grew by in each interval; over a gap there is no difference.
function series(rows, place, mode, width, gaps) {
  const found = [];
  let before = null;
  for (const row of rows) {
    const t = Date.parse(row.time);
    const raw = row.values[place];
    const value = raw && typeof raw === 'object' ? raw.value : raw;
    if (typeof value !== 'number' || Number.isNaN(t)) continue;
    const isApart = before && ((width && t - before.t > width * 1.5) || gaps.some(([a, b]) => a < t && b > before.t && b - a > width / 2));
    const doubt = !['valid', 'inferred'].includes(row.quality);
    if (mode === 'difference') { if (before && !isApart) found.push({ t, v: Number((value - before.v).toPrecision(12)), doubt }); } else {
      if (isApart) found.push({ t: before.t + 1, v: null });
      found.push({ t, v: value, doubt });
    }
    before = { t, v: value };
  }
  return found.length ? found : [{ t: Date.parse(rows[0].time) || Date.now(), v: null }];
}

/// The rows, the newest first, some at a time; with their offset from UTC where the clocks were changed between them.
function rowTable(list, rows, places) {
  const words = T.meter.profiles;
  const newest = [...rows].reverse();
  const columns = [words.time, ...places.map(column => ({ text: `${column.name || column.key}${column.unit ? `, ${column.unit}` : ''}`, num: true })), words.quality];
  const isChanged = new Set(rows.map(row => row.time?.slice(-6))).size > 1;
  const shown = value => number(typeof value === 'object' ? value.value ?? JSON.stringify(value) : value);
  let seen = 60;
  const draw = () => fill(list, panel(words.table, h('small.soft', words.rows(rows.length)),
    table(columns, newest.slice(0, seen).map(row => [[time(row.time), isChanged && h('small.soft', ' ', row.time.slice(-6))], ...row.values.map(value => h('td.num', value === null ? T.none : shown(value))), [qualityBadge(row.quality), row.status?.length ? h('small.soft', ' ' + row.status.join(', ')) : null]]), words.table),
    seen < rows.length && more(() => { seen += 400; draw(); })));
  draw();
}
