// SPDX-License-Identifier: Apache-2.0
import { T, say, curlLine, badge, jobBadge, problem, bones, empty, listing, panel, head, table, field, input, select, action, confirmed, time, clock, targetText, sender, h, fill, icon, path, send, call, get } from './parts.js';
import { targetFields, operationFields } from './jobs.js';

const words = T.schedules;

export async function page(view) {
  if (view.name === 'new-schedule') return form(view);
  if (view.rest[0]) return one(view, view.rest[0]);
  view.title(words.title);
  const list = h('div.panel', bones(5)), trouble = h('div');
  fill(view.root, head(words.title, words.lead, h('a.button.main', { href: '#/new-schedule' }, icon('plus'), words.new)), trouble, list, curlLine('/schedules'));
  const load = async () => {
    const { items } = await get('/schedules?limit=1000');
    if (list.contains(document.activeElement)) return;
    fill(list, items.length ? table(words.columns, items.map(schedule => [
      [h('a', { href: `#/schedules/${encodeURIComponent(schedule.id)}` }, schedule.name || schedule.id), h('br'), h('small.soft', Object.keys(schedule.operation)[0], ' · ', targetText(schedule.target))],
      [schedule.words, schedule.missed > 0 && [' ', badge('warn', words.missed(schedule.missed))]], schedule.enabled ? time(schedule.nextRun, { relative: true }) : badge('idle', T.job.paused),
      schedule.lastRun?.jobId ? h('a', { href: `#/job/${schedule.lastRun.jobId}` }, jobBadge(schedule.lastRun.state || 'queued')) : h('span.soft', words.never),
      buttons(schedule, trouble, load),
    ]), words.title) : empty(words.empty, words.emptyHint, h('a.button.main', { href: '#/new-schedule' }, words.new)));
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
  const { status, links, words: plain, nextRun, lastRun, waitingRun, ...configuration } = schedule;
  fill(view.root, h('div.head', h('div', h('div.actions', h('h1', schedule.name || id), badge(schedule.enabled ? 'ok' : 'idle', schedule.enabled ? plain : T.job.paused)), h('p.lead', `${plain} · ${schedule.timeZone}`)), buttons(schedule, trouble, async () => view.show())), trouble,
    h('div.columns', panel(words.next, null, h('div.body', next.items.length ? runs(next.items) : h('p.soft', T.none)), h('footer', curlLine(base + '/next?count=10'))),
      h('div', panel(T.meter.settings.all, lastRun?.jobId && h('a', { href: `#/job/${lastRun.jobId}` }, words.columns[3]), h('div.body', listing(T.meter.settings.all, configuration)), h('footer', curlLine(base), curlLine({ method: 'POST', path: base + '/run' }))),
        panel(T.remove, null, h('div.body', confirmed(id, words.removeConfirm(id), 'button.danger.main', { text: T.remove }, async () => { await send({ method: 'DELETE', path: base, headers: { 'If-Match': schedule.etag || '*' } }); location.hash = '#/schedules'; }, trouble))))));
}

/// A new schedule: what is written is told in plain words at once.
function form(view) {
  const texts = words.form;
  view.title(words.new);
  const id = input('id', { required: true }), name = input('name'), mode = select('mode', texts.modes), expression = input('expression', { value: view.words.get('cron') || '15 2 * * *', required: true });
  const zone = input('zone', { value: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' });
  const target = targetFields(view.words.get('meters')), operation = operationFields(texts.kinds);
  const preview = h('div.body', { role: 'status' }, h('p.soft', texts.previewHint)), previewLine = h('footer');
  const recurrence = () => ({ recurrence: { [mode.value]: expression.value.trim() }, timeZone: zone.value.trim() || 'UTC' });
  const request = () => ({
    method: 'POST', path: '/schedules',
    body: { id: id.value.trim() || 'nightly', ...(name.value.trim() && { name: name.value.trim() }), ...recurrence(), target: target.target, operation: { [operation.kind.value]: operation.members } },
  });
  let wait = 0, asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const question = { method: 'POST', path: '/schedules/preview', body: recurrence() };
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
