// SPDX-License-Identifier: Apache-2.0
import { T, allowed, curlLine, meterStates, under, select, icon, jobBadge, problem, bones, empty, panel, table, meterLink, jobLink, time, progress, targetText, h, fill, query, send, get } from './parts.js';
import { types } from './live.js';
import './chart.js';

/// Of what ends within this time operators are warned.
const soon = 14 * 864e5;

/// What the figures were every few seconds since the console was opened.
const history = [];

/// The Prometheus text as `{name: [[labels, value]]}`.
function parse(text) {
  const found = {};
  for (const line of text.split('\n')) {
    const match = /^cosem_gateway_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match && !match[1].endsWith('_bucket')) (found[match[1]] ||= []).push([match[2] || '', Number(match[3])]);
  }
  return found;
}
const sum = (figures, name, test = () => true) => (figures[name] || []).reduce((total, [labels, value]) => total + (test(labels) ? value : 0), 0);

export async function page(view) {
  view.title(T.overview.title);
  const tiles = h('div.tiles', { role: 'group', 'aria-label': T.overview.title });
  const chart = h('div.body', h('p.soft', T.overview.trafficWait)), curve = h('console-chart'), warning = h('div'), ending = h('div');
  const jobs = h('div', bones(4)), schedules = h('div', bones(4)), events = h('div', bones(3));
  const lead = h('p.lead', T.name);
  const kind = select('type', { '': T.all, ...Object.fromEntries(types.map(type => [type, T.event(type)])) }, view.words.get('type') || '');
  kind.setAttribute('aria-label', T.meter.events.columns[1]);
  kind.addEventListener('change', () => {
    view.set({ type: kind.value });
    draws.events();
  });
  fill(view.root,
    h('div.head', h('div', h('h1', T.overview.title), lead), h('div.actions', allowed('meters:write') && h('a.button.main', { href: '#/add-meter' }, icon('plus'), T.meters.add))),
    warning, ending, tiles,
    panel(T.overview.traffic, h('small.soft', T.overview.trafficHint), chart),
    h('div.columns', panel(T.overview.recent, h('a', { href: '#/jobs' }, T.overview.allJobs), jobs), panel(T.overview.next, h('a', { href: '#/schedules' }, T.overview.allSchedules), schedules)),
    panel(T.overview.events, kind, events),
    curlLine('/metrics'));

  const drawn = new Map();
  /// A figure; it stays the same element, so that the keyboard does not lose it.
  const tile = (value, text, href, tone) => {
    if (!drawn.has(text)) drawn.set(text, h(href ? 'a' : 'div', { href }, h('b'), h('span', text)));
    const element = drawn.get(text);
    element.className = 'tile ' + (tone || '');
    element.firstChild.textContent = value;
    return element;
  };
  let meters = null, own = 0;
  const figures = async () => {
    if (meters === 0) return void fill(tiles, h('div.tile', empty(T.overview.noMeters, T.overview.noMetersHint, allowed('meters:write') && h('a.button.main', { href: '#/add-meter' }, T.meters.add))));
    let now;
    try {
      now = parse(await (await send({ path: '/metrics' })).text());
    } catch (error) {
      fill(tiles, h('div.tile', h('span', error.status === 403 ? T.overview.noMetrics : error.title || T.problem.away)));
      return;
    }
    const failed = labels => !labels.includes('result="success"');
    history.push({ t: Date.now(), all: sum(now, 'meter_exchanges_total'), failed: sum(now, 'meter_exchanges_total', failed) });
    if (history.length > 360) history.shift();
    const first = history.find(point => point.t > Date.now() - 300e3), last = history.at(-1), before = history.findLast(point => point.t < last.t - 25e3) || history[0];
    const count = last.all - first.all, minutes = (last.t - before.t) / 60e3;
    const end = 1e3 * sum(now, 'tls_certificate_expiry_timestamp_seconds');
    fill(ending, end > 0 && end < Date.now() + soon && h('p.note.warn', icon('warn'), ' ', T.overview.certificate, ' ', time(new Date(end).toISOString(), { relative: true })));
    const queue = sum(now, 'meter_queue_length');
    const under = sum(now, 'jobs', labels => /running|queued/.test(labels)), waiting = sum(now, 'jobs', labels => labels.includes('awaiting'));
    const all = [
      tile(meters === null ? T.none : meters.toLocaleString('en'), T.overview.meters, '#/meters'),
      Object.entries(meterStates).map(([state, kind]) => {
        const found = sum(now, 'meters', labels => labels === `state="${state}"`);
        const count = state === 'unknown' ? Math.max(0, own - sum(now, 'meters')) : found;
        return tile(count.toLocaleString('en'), T.link[state].toLowerCase(), '#/meters' + query({ state }), count && kind);
      }),
      tile(minutes > 0 ? String(Math.round((last.all - before.all) / minutes)) : T.none, T.overview.rate, '#/jobs'),
      tile(count > 0 ? `${Number((100 * (last.failed - first.failed) / count).toPrecision(2))}\u202f%` : T.none, T.overview.failures, '#/jobs?state=failed', last.failed > first.failed ? 'warn' : ''),
      tile(String(queue), T.overview.queue, '#/channels'),
      tile(String(sum(now, 'associations_open')), T.overview.associations),
      tile(String(under), T.overview.jobs, '#/jobs?state=running'),
      tile(String(waiting), T.overview.confirm, '#/orders', waiting ? 'warn' : ''),
    ].flat();
    if (tiles.childElementCount !== all.length) fill(tiles, all);
    const points = history.slice(1).map((point, place) => ({ t: point.t, v: Math.max(0, Math.round((point.all - history[place].all) / (point.t - history[place].t) * 600e3) / 10) }));
    if (points.length < 2) return;
    const text = (t, step) => new Date(t).toLocaleTimeString('sv-SE', step ? { hour: '2-digit', minute: '2-digit' } : {});
    curve.data = { points, from: points[0].t, to: Math.max(points.at(-1).t, points[0].t + 60e3), height: 150, unit: '1/min', label: T.overview.traffic, text };
    if (!curve.isConnected) fill(chart, curve);
  };
  const load = async (place, path, draw) => {
    try {
      fill(place, draw(await get(path)));
    } catch (error) {
      fill(place, h('div.body', problem(error)));
    }
  };
  const draws = {
    jobs: () => load(jobs, '/jobs?limit=7', ({ items }) => items.length
      ? table([T.jobs.columns[0], T.state, { text: T.jobs.columns[2], wide: true }, T.jobs.columns[4]],
        items.map(job => [under(jobLink(job), targetText(job.target, job.progress.total)), jobBadge(job.state), progress(job.progress), time(job.createdAt, { relative: true })]), T.overview.recent)
      : empty(T.overview.noJobs, T.overview.noJobsHint, allowed('jobs:write') && h('a.button', { href: '#/new-job' }, T.jobs.new))),
    schedules: () => load(schedules, '/schedules?limit=200', ({ items }) => items.length
      ? table([T.schedules.columns[0], T.schedules.columns[2], T.schedules.columns[3]], soonest(items).map(one => [
        under(h('a', { href: `#/schedules/${encodeURIComponent(one.id)}` }, one.name || one.id), one.words), time(one.nextRun, { relative: true }),
        one.lastRun?.state ? jobBadge(one.lastRun.state) : h('span.soft', T.schedules.never),
      ]), T.overview.next)
      : empty(T.schedules.empty, T.schedules.emptyHint, allowed('schedules:write') && h('a.button', { href: '#/new-schedule' }, T.schedules.new))),
    events: () => load(events, '/events' + query({ limit: 8, type: kind.value }), ({ items }) => items.length
      ? table([T.meter.profiles.time, T.meter.events.columns[1], T.admin.audit.columns[4]],
        items.map(event => [time(event.at, { relative: true }), T.event(event.type), event.meter ? h('a', { href: meterLink(event.meter) }, event.meter) : event.data?.job ? jobLink({ id: event.data.job, kind: event.data.kind }) : T.none]), T.overview.events)
      : empty(T.overview.noEvents, T.overview.noEventsHint)),
    keys: async () => {
      if (!allowed('keys:manage')) return;
      const { items } = await get('/api-keys?limit=1000');
      const ending = items.filter(one => one.expiresAt && !one.revokedAt && new Date(one.expiresAt) < Date.now() + soon);
      fill(warning, ending.length > 0 && h('p.note.warn', icon('warn'), ' ', h('a', { href: '#/admin/keys' }, T.overview.keys(ending.length)), ': ', ending.slice(0, 3).map((one, place) => [place > 0 && ', ', one.name, ' ', time(one.expiresAt, { relative: true })])));
    },
    nodes: async () => {
      const { items } = await get('/nodes');
      const live = items.filter(node => node.state === 'live'), self = items.find(node => node.self);
      meters = live.reduce((total, node) => total + (node.meters || 0), 0);
      own = self?.meters || 0;
      lead.textContent = T.overview.lead(self?.version || '', live.length > 1 && self?.name);
    },
  };
  await Promise.all(Object.values(draws).map(draw => draw().catch(() => {})));
  await figures();
  view.every(3, figures);
  view.every(30, () => draws.nodes().catch(() => {}));
  view.follow(['job.', 'order.'], draws.jobs);
  view.follow(['schedule.', 'job.created', 'job.finished'], draws.schedules);
  view.follow(['meter.', 'push.', 'order.', 'job.finished', 'schedule.'], draws.events);
}

const soonest = items => items.filter(one => one.nextRun).sort((a, b) => new Date(a.nextRun) - new Date(b.nextRun)).slice(0, 7);
