// SPDX-License-Identifier: Apache-2.0
import { T, said, allowed, say, curlLine, badge, under, removal, jobBadge, problem, bones, empty, panel, head, table, field, input, select, action, time, clock, targetText, sender, h, fill, icon, path, call, get } from './parts.js';
import { targetFields, operationFields } from './jobs.js';

const words = T.schedules;

export async function page(view) {
  if (view.name === 'new-schedule') return form(view);
  if (view.rest[0]) return one(view, view.rest[0]);
  view.title(words.title);
  const list = h('div.panel', bones(5)), trouble = h('div');
  fill(view.root, head(words.title, words.lead, allowed('schedules:write') && h('a.button.main', { href: '#/new-schedule' }, icon('plus'), words.new)), trouble, list, curlLine('/schedules'));
  const load = async () => {
    const { items } = await get('/schedules?limit=1000');
    if (list.contains(document.activeElement)) return;
    fill(list, items.length ? table(words.columns, items.map(schedule => [
      under(h('a', { href: `#/schedules/${encodeURIComponent(schedule.id)}` }, schedule.name || schedule.id), T.schedules.form.kinds[Object.keys(schedule.operation)[0]] || Object.keys(schedule.operation)[0], ' · ', targetText(schedule.target)),
      [schedule.words, schedule.missed > 0 && [' ', badge('warn', words.missed(schedule.missed))]], schedule.enabled ? time(schedule.nextRun, { relative: true }) : badge('idle', T.job.paused),
      schedule.lastRun?.jobId ? h('a', { href: `#/job/${schedule.lastRun.jobId}` }, jobBadge(schedule.lastRun.state || 'queued')) : h('span.soft', words.never),
      allowed('schedules:write') && buttons(schedule, trouble, load),
    ]), words.title) : empty(words.empty, words.emptyHint));
  };
  await load();
  view.follow(['schedule.', 'job.created', 'job.finished'], load);
}

function buttons(schedule, trouble, after) {
  const base = path`/schedules/${schedule.id}`;
  const verb = schedule.enabled ? 'pause' : 'resume';
  return h('div.actions', action('button.small', { text: words.run, 'aria-label': `${words.run}: ${schedule.name || schedule.id}` }, async () => { location.hash = `#/job/${(await call({ method: 'POST', path: base + '/run' })).id}`; say(words.ran); }, trouble),
    action('button.small', { text: T.jobs[verb], 'aria-label': `${T.jobs[verb]}: ${schedule.name || schedule.id}` }, async button => { await call({ method: 'POST', path: `${base}/${verb}` }); button.blur(); await after(); }, trouble));
}

/// The next times, with what summer time does to them.
const runs = items => h('ol.steps', items.map(item => h('li', h('span.soft', icon('clock')), h('div', clock(item.at).slice(0, 16), item.note && h('p.warn-ink', item.note)), h('small.soft', time(item.at, { relative: true })))));

async function one(view, id) {
  const base = path`/schedules/${id}`, trouble = h('div');
  const [schedule, next] = await Promise.all([get(base), get(base + '/next?count=10')]);
  view.title(id);
  const { words: plain, lastRun } = schedule;
  // What the gateway itself writes into a schedule is not sent back to it.
  const own = ['id', 'status', 'links', 'words', 'nextRun', 'lastRun', 'waitingRun', 'missed', 'skipped', 'empty', 'revision', 'createdAt', 'updatedAt'];
  const text = h('textarea.tall', { name: 'configuration', value: JSON.stringify(Object.fromEntries(Object.entries(schedule).filter(([name]) => !own.includes(name))), null, 2) });
  const change = () => ({ method: 'PUT', path: base, headers: { 'If-Match': schedule.etag || '*' }, body: JSON.parse(text.value) });
  fill(view.root, h('div.head', h('div', h('div.actions', h('h1', schedule.name || id), badge(schedule.enabled ? 'ok' : 'idle', schedule.enabled ? T.webhooks.on : T.job.paused)), h('p.lead', `${plain} · ${schedule.timeZone}`)), buttons(schedule, trouble, async () => view.show())), trouble,
    h('div.columns', panel(words.next, null, h('div.body', next.items.length ? runs(next.items) : h('p.soft', T.none)), h('footer', curlLine(base + '/next?count=10'))),
      h('div', panel(T.meter.settings.all, lastRun?.jobId && h('a', { href: `#/job/${lastRun.jobId}` }, words.columns[3]), h('div.body', sender(field(words.change, text), T.save, change, () => view.show())), h('footer', curlLine(base), curlLine({ method: 'POST', path: base + '/run' }))),
        panel(T.remove, null, h('div.body', removal(id, base, () => { location.hash = '#/schedules'; }, trouble))))));
}

/// A new schedule: what is written is told in plain words at once.
function form(view) {
  const texts = words.form;
  view.title(words.new);
  const id = input('id', { required: true }), name = input('name'), mode = select('mode', texts.modes), expression = input('expression', { value: view.words.get('cron') || '15 2 * * *', required: true });
  const zone = input('zone', { value: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' });
  const target = targetFields(view), operation = operationFields(texts.kinds);
  const preview = h('div.body', { role: 'status' }, h('p.soft', texts.previewHint)), previewLine = h('footer');
  const recurrence = () => ({ recurrence: { [mode.value]: said(expression) }, timeZone: said(zone) || 'UTC' });
  const request = () => ({
    method: 'POST', path: '/schedules',
    body: { id: said(id) || 'nightly', ...(said(name) && { name: said(name) }), ...recurrence(), target: target.target, operation: { [operation.kind.value]: operation.members } },
  });
  let wait = 0, asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const question = { method: 'POST', path: '/schedules/preview', body: recurrence(), asks: true };
    fill(previewLine, curlLine(question));
    try {
      const answer = await call(question);
      if (mine === asked) fill(preview, h('p', h('strong', answer.words)), runs(answer.items));
    } catch (error) {
      if (mine === asked) fill(preview, problem(error));
    }
  };
  const changed = () => {
    operation.update();
    clearTimeout(wait);
    wait = setTimeout(ask, 250);
  };
  const presets = texts.presetList.map(([cron, text]) => h('button.chip', {
    onclick: () => {
      mode.value = 'cron';
      expression.value = cron;
      expression.dispatchEvent(new Event('input', { bubbles: true }));
    },
  }, text));
  const controls = [
    h('section.panel', h('div.body.form', field(T.id, id, texts.idHint), field(T.name_, name))),
    panel(texts.when, null, h('div.body.stack', h('div.form', field(texts.when, mode), field(texts.expression, expression), field(T.meters.form.zone, zone)), h('div.actions', presets))),
    h('section.panel', h('div.body.form', operation.fields)), h('section.panel', h('div.body.form', target.fields)),
  ];
  const done = made => { location.hash = `#/schedules/${encodeURIComponent(made.id)}`; };
  fill(view.root, head(words.new, words.lead),
    h('div.columns.side', sender(controls, texts.go, request, done, { back: '#/schedules', changed }), panel(texts.preview, null, preview, previewLine)));
  view.signal.addEventListener('abort', () => clearTimeout(wait));
}
