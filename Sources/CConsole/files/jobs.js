// SPDX-License-Identifier: Apache-2.0
import { T, said, allowed, curlLine, badge, under, more, jobBadge, problem, bones, empty, panel, head, table, facts, meterLink, jobLink, field, input, select, action, time, shown, progress, targetText, download, sender, h, fill, icon, path, query, uuid, send, call, get } from './parts.js';
import { stream } from './live.js';
import { confirmation, drawSteps } from './orders.js';

const words = T.jobs;
const states = names => ({ '': T.all, ...Object.fromEntries(names.map(name => [name, T.job[name]])) });

export async function page(view) {
  if (view.name === 'job') return job(view);
  if (view.name === 'new-job') return form(view);
  view.title(words.title);
  const list = h('div.panel', bones(6)), trouble = h('div'), line = h('div');
  const state = select('state', states(['running', 'queued', 'scheduled', 'awaiting-confirmation', 'paused', 'succeeded', 'partially-succeeded', 'failed', 'cancelled', 'expired']), view.words.get('state') || '');
  const kind = select('kind', { '': T.all, ...T.kind }, view.words.get('kind') || ''), meter = input('meter', { value: view.words.get('meter') || '' });
  let limit = 50;
  const load = async () => {
    const target = '/jobs' + query({ state: state.value, kind: kind.value, meter: said(meter), limit });
    fill(line, curlLine(target));
    const { items, next } = await get(target);
    const rows = items.map(one => [
      under(jobLink(one), targetText(one.target, one.progress.total)), jobBadge(one.state), [progress(one.progress), h('small.soft', counts(one.progress))], one.createdBy || T.none, time(one.createdAt, { relative: true }),
    ]);
    fill(list, items.length ? [table([words.columns[0], T.state, words.columns[2], ...[T.orders.who, words.columns[4]].map(text => ({ text, wide: true }))], rows, words.title), next && more(() => {
      limit = Math.min(1000, limit * 4);
      load();
    })]
      : empty(state.value || kind.value || meter.value ? words.empty : T.overview.noJobs, words.emptyHint));
    fill(trouble);
  };
  const safe = () => load().catch(error => fill(trouble, problem(error, safe)));
  const change = event => {
    event.preventDefault();
    view.set({ state: state.value, kind: kind.value, meter: said(meter) });
    safe();
  };
  fill(view.root, head(words.title, words.lead, allowed('jobs:write') && h('a.button.main', { href: '#/new-job' }, icon('plus'), words.new)),
    h('form.bar', { onchange: change, onsubmit: change }, field(T.state, state), field(words.kind, kind), field(T.meters.columns[0], meter)), trouble, list, line);
  await load();
  view.follow(['job.', 'order.'], safe);
}

/// How far a job is, in words.
const counts = ({ done, total, failed, unknown, etaSeconds }) => [words.done(done, total), failed && words.failed(failed), unknown && words.unknown(unknown), etaSeconds && words.eta(etaSeconds)].filter(Boolean).join(' · ');

/// One job: how far it is, what came of each meter.
async function job(view) {
  const id = view.rest[0], base = path`/jobs/${id}`;
  view.title(words.columns[0]);
  const summary = h('div'), trouble = h('div'), waiting = h('div'), steps = h('div'), executions = h('div', bones(4));
  const state = select('state', states(['running', 'waiting-for-meter', 'queued', 'succeeded', 'failed', 'outcome-unknown', 'cancelled', 'expired']), view.words.get('state') || '');
  state.setAttribute('aria-label', T.state);
  const problems = h('div.actions'), rows = h('div');
  let limit = 100, last = '', found = [];
  const verb = name => action('button' + (name === 'cancel' ? '.danger' : ''), { text: words[name] }, async () => {
    const made = await call({ method: 'POST', path: `${base}/${name}`, headers: name === 'retry' ? { 'Idempotency-Key': uuid() } : {} });
    if (name === 'retry' && made?.id && made.id !== id) location.hash = `#/job/${made.id}`; else await refresh();
  }, trouble);
  const save = () => action('button', { text: words.result, icon: 'save' }, async () => {
    const answer = await send({ path: base + '/result', headers: { Accept: 'text/csv' } });
    download(`${id}.csv`, 'text/csv', await answer.text());
  }, trouble);
  const draw = one => {
    const text = JSON.stringify(one);
    if (text === last) return;
    last = text;
    const verbs = ['pause', 'resume', 'retry', 'cancel'].filter(name => one.links?.[name]);
    fill(summary,
      h('div.head', h('div', h('div.actions', h('h1', T.kind[one.kind] || one.kind), jobBadge(one.state)), h('p.lead.mono', id)), h('div.actions', verbs.map(verb), one.links?.result && save())),
      h('section.panel', { 'aria-label': words.columns[2] },
        h('div.body.stack', progress(one.progress), h('p', { role: 'status' }, counts(one.progress)),
          facts([words.target, targetText(one.target, one.progress.total)], [words.operation, h('code', JSON.stringify(one.operation))], [words.created, [time(one.createdAt), ' ', words.by(one.createdBy || T.none)]],
            one.startedAt && [words.started, time(one.startedAt)], one.finishedAt && [words.finished, time(one.finishedAt)], [words.priority, String(one.priority)], one.traceId && [T.problem.trace, h('code', one.traceId)])),
        h('footer', curlLine(base), one.links?.cancel ? curlLine({ method: 'POST', path: base + '/cancel' }) : null)));
    fill(waiting, one.state === 'awaiting-confirmation' && confirmation(one, trouble, refresh));
  };
  const listed = async one => {
    const { items, next } = await get(base + '/executions' + query({ state: state.value, limit }));
    if ((one.kind === 'disconnect' || one.kind === 'reconnect') && one.progress.total === 1) drawSteps({ job: one, execution: items[0], steps });
    fill(executions, panel(words.executions, [problems, state], rows, next && more(() => {
      limit = 1000;
      refresh();
    }), h('footer', curlLine(base + '/executions' + query({ state: state.value })))));
    found = items;
    arrange();
  };
  /// Shows what came of the meters as they are wanted: those with one problem, sorted by a column; without a wish what failed stands first.
  const arrange = () => {
    const order = view.words.get('sort') || '', column = Number(order.replace('-', '')) - 1, only = view.words.get('problem');
    const pick = changes => {
      view.set(changes);
      arrange();
    };
    const counts = new Map();
    for (const { problem } of found) if (problem) counts.set(problem.title, (counts.get(problem.title) || 0) + 1);
    fill(problems, [...counts].sort((a, b) => b[1] - a[1]).map(([text, count]) =>
      h('button.small', { 'aria-pressed': String(text === only), onclick: () => pick({ problem: text === only ? null : text }) }, `${count} × ${text}`)));
    const key = [one => one.meter, one => one.state, one => one.problem?.title || '', one => one.attempts ?? 0, one => one.finishedAt || ''][column] || (one => !one.problem);
    const sorted = found.filter(one => !only || !counts.has(only) || one.problem?.title === only).sort((a, b) => (key(a) > key(b)) - (key(a) < key(b)));
    if (order.startsWith('-')) sorted.reverse();
    const columns = words.exec.map((text, place) => ({
      wide: place > 2,
      sort: place === column && (order.startsWith('-') ? 'descending' : 'ascending'),
      text: h('button.sort', { 'data-place': place, onclick: () => { pick({ sort: place !== column ? place + 1 : order.startsWith('-') ? null : -place - 1 }); rows.querySelector(`[data-place="${place}"]`).focus(); } }, text),
    }));
    fill(rows, sorted.length ? table(columns, sorted.map(item => [
      h('a', { href: meterLink(item.meter) }, item.meter), jobBadge(item.state), item.problem ? under(h('strong', item.problem.title), item.problem.detail) : result(item.result),
      String(item.attempts ?? T.none), time(item.finishedAt),
    ]), words.executions) : empty(words.noExec, words.noExecHint));
  };
  /// What is in use stays as it is until the job is over.
  const isUsed = one => !one.finishedAt && executions.contains(document.activeElement) && document.activeElement !== state;
  const refresh = async given => {
    const one = given || await get(base);
    draw(one);
    if (!isUsed(one)) await listed(one);
    return one;
  };
  state.addEventListener('change', () => {
    view.set({ state: state.value });
    refresh().catch(() => {});
  });
  fill(view.root, summary, trouble, waiting, steps, executions);
  const now = await refresh();
  if (!now.finishedAt) watch(base, view.signal, refresh);
}

/// Shows a job again after each change, until it is over.
async function watch(base, signal, refresh) {
  for await (const event of stream(base + '/events', signal)) {
    try {
      const one = await refresh(event.data);
      if (one.finishedAt) return;
    } catch { /* the next change shows it */ }
  }
}

/// What came of a meter, short.
function result(value) {
  if (!value) return T.none;
  const items = value.items;
  if (Array.isArray(items)) return items.slice(0, 3).map((item, place) => [place > 0 && ', ', item.problem ? badge('bad', item.problem.title) : shown(item.value)]);
  if (typeof value.rows === 'number') return T.meter.profiles.rows(value.rows);
  const text = JSON.stringify(value, null, 1);
  return h('details', h('summary', T.show), h('pre', { tabindex: '0' }, text.length > 4000 ? text.slice(0, 4000) + '…' : text));
}

/// The controls that say which meters something is about; the address may say it already.
export function targetFields({ words: given }) {
  const kinds = { meters: words.form.meters, selector: T.groups.form.by, group: words.form.group }, first = Object.keys(kinds).find(kind => given.get(kind));
  const by = select('by', kinds, first), value = input('target', { required: true, value: given.get(first) || '' });
  by.setAttribute('aria-label', words.form.who);
  return {
    fields: [field(words.form.who, by), field(words.target, value, `${words.form.metersHint}; ${words.form.selectorHint}`)],
    get target() {
      const text = said(value);
      return by.value === 'meters' ? { meters: text.split(/[\s,]+/).filter(Boolean) } : { [by.value]: text };
    },
  };
}

/// The controls that say what is done; `kinds` are what this place of the API calls the four kinds.
export function operationFields(kinds) {
  const kind = select('kind', kinds), object = input('object', { value: '1.0.1.8.0.255' }), attribute = input('attribute', { type: 'number', value: '2', min: 1 });
  const profile = input('profile', { value: '1.0.99.1.0.255' }), last = input('last', { value: 'P1D' }), max = input('max', { value: 'PT1H' });
  const parts = {
    read: [field(words.form.object, object), field(words.form.attribute, attribute)], profile: [field(words.form.profile, profile), field(words.form.last, last)],
    clock: [field(T.meter.values.max, max)],
  };
  const chosen = () => kind.value.startsWith('profile') ? 'profile' : kind.value.startsWith('clock') ? 'clock' : kind.value;
  return {
    fields: [field(words.form.what, kind), Object.values(parts)], kind,
    update() {
      for (const [name, list] of Object.entries(parts)) for (const one of list) one.hidden = name !== chosen();
    },
    get members() {
      return {
        read: { items: [{ object: said(object), attribute: Number(attribute.value) }] }, profile: { profile: said(profile), last: said(last) },
        clock: { maxAdjust: said(max) },
      }[chosen()] || {};
    },
  };
}

function form(view) {
  view.title(words.new);
  const target = targetFields(view), operation = operationFields(words.form.kinds);
  const request = () => ({ method: 'POST', path: '/jobs', body: { kind: operation.kind.value, target: target.target, ...operation.members } });
  const controls = [h('section.panel', h('div.body.form', operation.fields)), h('section.panel', h('div.body.form', target.fields))];
  fill(view.root, head(words.new, words.lead), sender(controls, words.form.go, request, made => { location.hash = `#/job/${made.id}`; }, { back: '#/jobs', changed: operation.update }));
}
