// SPDX-License-Identifier: Apache-2.0
import { T, said, say, curlLine, jobBadge, problem, bones, empty, panel, head, table, facts, meterLink, jobLink, field, input, select, action, confirmed, time, targetText, h, fill, icon, path, query, uuid, call, get } from './parts.js';
import { stream } from './live.js';

const words = T.meter.disconnector;
const shownState = state => ({ connected: [words.connected, 'on', 'ok-ink'], disconnected: [words.disconnected, 'off', 'bad-ink'], 'ready-for-reconnection': [words.ready, 'wait', 'warn-ink'] })[state] || [state || words.unknown, 'warn', 'warn-ink'];

/// The supply of a meter: its state, an order with its checks, and what came of it.
export async function disconnector({ view, id, body, at, zone, fresh }) {
  const state = h('div', bones(3)), trouble = h('div'), steps = h('div'), past = h('div');
  let now = null;
  const load = async () => {
    try {
      now = await get(at('/disconnector'));
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      fill(state, error.kind === 'no-disconnector' ? empty(words.none, words.noneHint) : h('div.body', problem(error, load)));
      return;
    }
    const [text, picture, ink] = shownState(now.controlState);
    fill(state, h('div.body.stack', h('div.big.' + ink, { role: 'status' }, icon(picture), text),
      facts([words.output, now.outputState ? words.on : words.off], [words.mode, String(now.controlMode)], [words.allowed, now.allowedOrders.map(order => words[order]).join(', ') || T.none],
        [words.read, time(now.readAt, { relative: true, zone })])));
  };
  const history = async () => {
    try {
      const kinds = await Promise.all(['disconnect', 'reconnect'].map(kind => get('/jobs' + query({ kind, meter: id, limit: 10 }))));
      const items = kinds.flatMap(one => one.items).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
      fill(past, items.length ? table([T.jobs.columns[0], T.state, T.jobs.columns[4]], items.map(job => [jobLink(job), jobBadge(job.state), time(job.createdAt, { zone, relative: true })]), words.history) : empty(words.noHistory, words.noHistoryHint));
    } catch (error) { fill(past, h('div.body', problem(error))); }
  };
  fill(body, trouble, h('div.columns.side',
    h('div', panel(words.state, [action('button', { text: words.verify, icon: 'again' }, load, trouble)], state, h('footer', curlLine(at('/disconnector')))), steps, panel(words.history, null, past)),
    order({ view, id, at, zone, steps, current: () => now, after: () => Promise.all([load(), history(), fresh()]) })));
  await Promise.all([load(), history()]);
}

/// The form of an order: tried first, then confirmed by the meter's id, then followed to its end.
function order({ view, id, at, zone, steps, after }) {
  const kind = select('action', { disconnect: words.disconnect, reconnect: words.reconnect }), reason = input('reason', { required: true, placeholder: 'NONPAYMENT' }), reference = input('reference', { placeholder: 'WO-4711' });
  const expected = select('expected', { '': words.any, connected: words.connected, disconnected: words.disconnected }), expires = select('expires', words.expiresIn, 'PT15M');
  const outcome = h('div.stack'), line = h('div');
  let name = uuid();
  const minutes = { PT5M: 5, PT15M: 15, PT1H: 60, PT24H: 1439 };
  const terms = dryRun => ({ action: kind.value, ...(said(reason) && { reason: said(reason) }), ...(said(reference) && { reference: said(reference) }), ...(expected.value && { expectedState: expected.value }), expiresAt: new Date(Date.now() + minutes[expires.value] * 60e3).toISOString().replace(/\.\d+/, ''), ...(dryRun && { dryRun }) });
  const request = dryRun => ({ method: 'POST', path: at('/disconnector/orders'), headers: { 'Idempotency-Key': dryRun ? uuid() : name }, body: terms(dryRun) });
  const changed = () => { fill(outcome); name = uuid(); fill(line, curlLine(request(true))); };
  const attempt = action('button.main', { text: words.dry }, async () => {
    const preview = await call(request(true));
    const chosen = request(false);
    fill(outcome, h('h3', words.tried), h('ol.steps', preview.checks.map(check => h('li', h('span.' + (check.ok ? 'ok-ink' : 'bad-ink'), icon(check.ok ? 'ok' : 'bad')), h('div', words.checks[check.check] || check.check, check.problem && h('p.bad-ink', check.problem.detail || check.problem.title)), h('small.soft', check.ok ? T.meter.check.outcome.ok : T.meter.check.outcome.failed)))),
      h('p.note' + (preview.wouldSend ? '.ok' : '.warn'), { role: 'status' }, preview.noop ? words.noop : preview.wouldSend ? words.would : words.wouldNot),
      preview.wouldSend && [confirmed(id, words.confirm(id), 'button.danger.main', { text: words.send[chosen.body.action] }, async () => {
        const job = await call(chosen);
        fill(outcome, h('p.note', words.sent));
        say(words.sent);
        name = uuid();
        dispatchEvent(new Event('changed'));
        await follow({ view, job, steps, zone });
        await after();
      }, outcome.appendChild(h('div'))), curlLine(chosen)]);
  }, outcome);
  changed();
  return panel(words.order, null, h('form.body.stack', { oninput: changed, onsubmit: event => { event.preventDefault(); attempt.click(); } },
    h('div.form', field(words.action, kind), field(words.reason, reason), field(words.reference, reference), field(words.expected, expected), field(words.expires, expires)), h('div.actions', attempt), line), h('div.body', outcome));
}

/// The steps of an order as they come to pass; nothing is shown before the gateway says so.
async function follow({ view, job, steps, zone }) {
  const base = path`/jobs/${job.id}`;
  const draw = async now => {
    const { items } = await get(base + '/executions');
    drawSteps({ job: now, execution: items[0], steps, zone });
    return now;
  };
  await draw(job);
  for await (const event of stream(base + '/events', view.signal)) {
    const now = await draw(event.data || await get(base));
    if (now.finishedAt) return;
  }
}

/// Draws how far an order is.
export function drawSteps({ job, execution, steps, zone }) {
  const names = words.timeline, result = execution?.result || {}, state = execution?.state;
  const passed = (text, at, more) => h('li', h('span.ok-ink', icon('ok')), h('div', text, more && h('p.soft', more)), at ? time(at, { zone }) : '');
  const before = result.before || result.stateBefore, last = result.after || result.stateAfter;
  const list = [passed(names.taken, job.createdAt, job.createdBy)];
  if (job.state === 'awaiting-confirmation') list.push(h('li', h('span.warn-ink', icon('wait')), h('div', names.awaiting), time(job.confirmBefore, { zone, relative: true })));
  if (before) list.push(passed(names.before, before.readAt || before.at, shownState(before.controlState)[0]));
  if (result.sentAt || result.at) list.push(passed(names.sent, result.sentAt || result.at));
  if (last) list.push(passed(names.after, last.readAt || last.at, shownState(last.controlState)[0]));
  const isUnknown = state === 'outcome-unknown';
  const [ink, picture] = isUnknown ? ['warn-ink', 'warn'] : job.state === 'succeeded' ? ['ok-ink', 'ok'] : ['bad-ink', 'bad'];
  if (job.finishedAt) list.push(h('li', h('span.' + ink, icon(picture)), h('div', jobBadge(state || job.state), isUnknown && h('p.warn-ink', words.unsure, ' ', h('a', { href: meterLink(execution.meter, 'disconnector') }, words.verify)), result.customerActionNeeded && h('p.warn-ink', words.customer), result.noop && h('p.soft', words.noop), execution?.problem && h('p', execution.problem.detail || execution.problem.title)), time(job.finishedAt, { zone })));
  else if (job.state !== 'awaiting-confirmation') list.push(h('li', h('span.soft', icon('busy')), h('div', names.sending, ' ', jobBadge(state || job.state)), ''));
  fill(steps, panel(words.steps, jobLink(job), h('div.body', { role: 'status' }, h('ol.steps', list))));
}

/// The orders that wait for somebody to confirm them.
export async function page(view) {
  const texts = T.orders;
  view.title(texts.title);
  const list = h('div', bones(4)), trouble = h('div');
  fill(view.root, head(texts.title, texts.lead), trouble, list, curlLine('/jobs?state=awaiting-confirmation'));
  const load = async () => {
    const { items } = await get('/jobs?state=awaiting-confirmation');
    if (list.contains(document.activeElement)) return;
    fill(list, items.length ? items.map(job => confirmation(job, trouble, load)) : h('div.panel', empty(texts.empty, texts.emptyHint)));
  };
  await load();
  view.follow(['order.', 'job.'], load);
}

/// One order that waits, with the number of its meters to be typed.
export function confirmation(job, trouble, after) {
  const count = String(job.progress.total);
  const request = { method: 'POST', path: path`/jobs/${job.id}/confirm`, body: { ...(job.confirmation?.token && { token: job.confirmation.token }), ...(job.progress.total > 1 && { count: job.progress.total }) } };
  const operation = Object.values(job.operation || {})[0] || {};
  const done = async () => { document.activeElement?.blur(); dispatchEvent(new Event('changed')); await after(); };
  const sure = confirmed(count, T.jobs.confirmCount(count), 'button.danger.main', { text: T.jobs.confirm }, async () => { await call(request); await done(); }, trouble);
  sure.lastChild.append(action('button', { text: T.orders.reject }, async () => { await call({ method: 'POST', path: path`/jobs/${job.id}/cancel` }); await done(); }, trouble));
  return panel(`${T.kind[job.kind] || job.kind} · ${targetText(job.target, job.progress.total)}`, [jobBadge(job.state), h('a', { href: `#/job/${job.id}` }, T.show)],
    h('div.body.stack', facts([T.meters.title, count], [T.orders.who, job.createdBy || T.none], operation.reason && [words.reason, operation.reason], [T.orders.before, time(job.confirmBefore, { relative: true })]),
      sure, curlLine(request)));
}
