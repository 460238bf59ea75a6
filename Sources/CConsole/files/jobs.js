// SPDX-License-Identifier: Apache-2.0
import { h, fill } from './dom.js';
import { get, call, send, query, path } from './api.js';
import { T } from './texts.js';
import { head, panel, problem, empty, bones, field, input, select, curlLine, action, table, time, jobBadge, progress, targetText, shown, download, badge } from './parts.js';
import { confirmation, drawSteps } from './orders.js';

const words = T.jobs;

export async function page(view) {
  if (view.name === 'job') return job(view);
  if (view.name === 'new-job') return form(view);
  view.title(words.title);
  const list = h('div.panel', bones(6)), trouble = h('div');
  const state = select('state', { '': T.all, ...Object.fromEntries(['running', 'queued', 'scheduled', 'awaiting-confirmation', 'paused', 'succeeded', 'partially-succeeded', 'failed', 'cancelled', 'expired'].map(name => [name, T.job[name]])) }, view.words.get('state') || '');
  const kind = select('kind', { '': T.all, ...T.kind }, view.words.get('kind') || '');
  const meter = input('meter', { value: view.words.get('meter') || '' });
  const line = h('div');
  let limit = 50;
  const load = async () => {
    const target = '/jobs' + query({ state: state.value, kind: kind.value, meter: meter.value.trim(), limit });
    fill(line, curlLine({ path: target }));
    const { items, next } = await get(target);
    const row = one => h('tr', h('td', h('a', { href: `#/job/${one.id}` }, T.kind[one.kind] || one.kind), h('br'), h('small.soft', targetText(one.target))), h('td', jobBadge(one.state)),
      h('td', progress(one.progress), h('small.soft', words.done(one.progress.done, one.progress.total), one.progress.failed > 0 && ` · ${words.failed(one.progress.failed)}`, one.progress.unknown > 0 && ` · ${words.unknown(one.progress.unknown)}`)), h('td', one.createdBy || T.none), h('td', time(one.createdAt, { relative: true })));
    fill(list, items.length ? [table([words.columns[0], T.state, words.columns[2], T.orders.who, words.columns[4]], items.map(row), words.title), next && h('footer', h('button.plain', { onclick: () => { limit = Math.min(1000, limit * 4); load(); } }, T.more))] : empty(words.empty, words.emptyHint, h('a.button', { href: '#/new-job' }, words.new)));
  };
  const safe = () => load().catch(error => { if (error.name !== 'AbortError') fill(trouble, problem(error, safe)); });
  const change = () => { view.set({ state: state.value, kind: kind.value, meter: meter.value.trim() }); fill(trouble); safe(); };
  fill(view.root, head(words.title, words.lead, h('a.button.main', { href: '#/new-job' }, words.new)), h('form.bar', { onchange: change, onsubmit: event => { event.preventDefault(); change(); } }, field(words.state, state), field(words.kind, kind), field(T.meters.columns[0], meter)), trouble, list, line);
  await load();
  view.every(5, safe);
}

const open = state => !['succeeded', 'partially-succeeded', 'failed', 'cancelled', 'expired'].includes(state);

/// One job: how far it is, what came of each meter.
async function job(view) {
  const id = view.rest[0], base = path`/jobs/${id}`;
  view.title(words.columns[0]);
  const summary = h('div'), trouble = h('div'), waiting = h('div'), steps = h('div'), executions = h('div', bones(4));
  const state = select('state', { '': T.all, ...Object.fromEntries(['running', 'waiting-for-meter', 'queued', 'succeeded', 'failed', 'outcome-unknown', 'cancelled', 'expired'].map(name => [name, T.job[name]])) }, view.words.get('state') || '');
  state.setAttribute('aria-label', T.state);
  let limit = 100, last = '';
  const verbs = { pause: [words.pause], resume: [words.resume], retry: [words.retry], cancel: [words.cancel] };
  const draw = one => {
    const text = JSON.stringify(one);
    if (text === last) return;
    last = text;
    const buttons = Object.entries(verbs).filter(([verb]) => one.links?.[verb]).map(([verb, [text]]) => action('button' + (verb === 'cancel' ? '.danger' : ''), { text }, async () => {
      const made = await call({ method: 'POST', path: `${base}/${verb}` });
      if (verb === 'retry' && made?.id && made.id !== id) location.hash = `#/job/${made.id}`; else await refresh();
    }, trouble));
    fill(summary,
      h('div.head', h('div', h('div.actions', h('h1', T.kind[one.kind] || one.kind), jobBadge(one.state)), h('p.lead.mono', id)), h('div.actions', buttons, one.links?.result && action('button', { text: words.result, icon: 'save' }, async () => download(`${id}.csv`, 'text/csv', await (await send({ path: base + '/result', headers: { Accept: 'text/csv' } })).text()), trouble))),
      h('section.panel', { 'aria-label': words.columns[2] }, h('div.body.stack', progress(one.progress), h('p', { role: 'status' }, [words.done(one.progress.done, one.progress.total), one.progress.failed ? words.failed(one.progress.failed) : null, one.progress.unknown ? words.unknown(one.progress.unknown) : null, one.progress.etaSeconds ? words.eta(one.progress.etaSeconds) : null].filter(Boolean).join(' · ')),
        h('dl.facts', h('dt', words.target), h('dd', targetText(one.target)), h('dt', words.operation), h('dd.mono', JSON.stringify(one.operation)), h('dt', words.created), h('dd', time(one.createdAt), ' ', words.by(one.createdBy || T.none)), one.startedAt && [h('dt', words.started), h('dd', time(one.startedAt))], one.finishedAt && [h('dt', words.finished), h('dd', time(one.finishedAt))], h('dt', words.priority), h('dd', String(one.priority)), one.traceId && [h('dt', words.trace), h('dd.mono', one.traceId)])),
        h('footer', curlLine({ path: base }), (buttons.length > 0 && one.links?.cancel) ? curlLine({ method: 'POST', path: base + '/cancel' }) : null)));
    fill(waiting, one.state === 'awaiting-confirmation' && confirmation(one, trouble, refresh));
  };
  const listed = async one => {
    const { items, next } = await get(base + '/executions' + query({ state: state.value, limit }));
    if ((one.kind === 'disconnect' || one.kind === 'reconnect') && one.progress.total === 1) drawSteps({ job: one, execution: items[0], steps });
    const problems = new Map();
    for (const item of items) if (item.problem) problems.set(item.problem.title || item.problem.type, (problems.get(item.problem.title || item.problem.type) || 0) + 1);
    fill(executions, panel(words.executions, [[...problems].map(([text, count]) => badge('bad', `${count} × ${text}`)), state],
      items.length ? table(words.exec, items.map(item => h('tr', h('td', h('a', { href: `#/meter/${encodeURIComponent(item.meter)}` }, item.meter)), h('td', jobBadge(item.state)), h('td', item.problem ? h('div', h('strong', item.problem.title), h('br'), h('small', item.problem.detail)) : result(item.result)), h('td', String(item.attempts ?? T.none)), h('td', time(item.finishedAt)))), words.executions) : empty(words.noExec, words.noExecHint),
      next && h('footer', h('button.plain', { onclick: () => { limit = 1000; refresh(); } }, T.more)), h('footer', curlLine({ path: base + '/executions' + query({ state: state.value }) }))));
  };
  const refresh = async () => { const one = await get(base); draw(one); if (executions.contains(document.activeElement) && document.activeElement !== state && open(one.state)) return one; await listed(one); return one; };
  state.addEventListener('change', () => { view.set({ state: state.value }); refresh().catch(() => {}); });
  fill(view.root, summary, trouble, waiting, steps, executions);
  let now = await refresh();
  view.every(2, async () => { if (open(now.state)) try { now = await refresh(); } catch { /* next time */ } });
}

/// What came of a meter, short.
function result(value) {
  if (!value) return T.none;
  const items = value.items;
  if (Array.isArray(items)) return items.slice(0, 3).map((item, place) => [place > 0 && ', ', item.problem ? badge('bad', item.problem.title) : shown(item.value)]);
  if (typeof value.rows === 'number') return T.meter.profiles.rows(value.rows);
  const text = JSON.stringify(value);
  return h('details', h('summary', T.show), h('pre', { tabindex: '0' }, text.length > 4000 ? text.slice(0, 4000) + '…' : JSON.stringify(value, null, 1)));
}

/// The controls that say which meters something is about.
export function targetFields(initial) {
  const by = select('by', { meters: words.form.meters, selector: words.form.selector, group: words.form.group }), value = input('target', { required: true, value: initial || '' });
  by.setAttribute('aria-label', words.form.who);
  return {
    fields: [field(words.form.who, by), field(words.form.target, value, `${words.form.metersHint}; ${words.form.selectorHint}`)],
    get target() { const text = value.value.trim(); return by.value === 'meters' ? { meters: text.split(/[\s,]+/).filter(Boolean) } : { [by.value]: text }; },
  };
}

/// The controls that say what is done; `names` maps the four kinds to how this place of the API calls them.
export function operationFields(kinds) {
  const kind = select('kind', kinds), object = input('object', { value: '1.0.1.8.0.255' }), attribute = input('attribute', { type: 'number', value: '2', min: 1 }), profile = input('profile', { value: '1.0.99.1.0.255' }), last = input('last', { value: 'P1D' }), max = input('max', { value: 'PT1H' });
  const parts = { read: [field(words.form.object, object), field(words.form.attribute, attribute)], profile: [field(words.form.profile, profile), field(words.form.last, last)], clock: [field(words.form.max, max)] };
  const chosen = () => kind.value.startsWith('profile') ? 'profile' : kind.value.startsWith('clock') ? 'clock' : kind.value;
  return {
    fields: [field(words.form.what, kind), Object.values(parts)], kind,
    update() { for (const [name, list] of Object.entries(parts)) for (const one of list) one.hidden = name !== chosen(); },
    get members() { return { read: { items: [{ object: object.value.trim(), attribute: Number(attribute.value) }] }, profile: { profile: profile.value.trim(), last: last.value.trim() }, clock: { maxAdjust: max.value.trim() } }[chosen()] || {}; },
  };
}

function form(view) {
  view.title(words.form.title);
  const target = targetFields(view.words.get('meters')), operation = operationFields(words.form.kinds);
  const trouble = h('div'), line = h('div');
  const request = () => ({ method: 'POST', path: '/jobs', body: { kind: operation.kind.value, target: target.target, ...operation.members } });
  const update = () => { operation.update(); fill(line, curlLine(request())); };
  const go = action('button.main', { text: words.form.go }, async () => { location.hash = `#/job/${(await call(request())).id}`; }, trouble);
  fill(view.root, head(words.form.title, words.lead), trouble, h('form', { oninput: update, onsubmit: event => { event.preventDefault(); go.click(); } }, h('section.panel', h('div.body.form', operation.fields)), h('section.panel', h('div.body.form', target.fields)), h('div.stack', h('div.actions', go, h('a.button', { href: '#/jobs' }, T.cancel)), line)));
  update();
}
