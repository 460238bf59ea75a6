// SPDX-License-Identifier: Apache-2.0
import { T, said, allowed, say, curlLine, badge, under, searchBox, removal, qualityBadge, linkState, problem, bones, empty, listing, panel, table, facts, meterLink, field, input, choice, action, time, clock, quantity, download, h, fill, icon, path, query, send, call, get } from './parts.js';
import { follow } from './live.js';
import { way, labelsOf } from './meters.js';

const views = {
  values, events, trace, check, settings,
  objects: context => import('./objects.js').then(module => module.objects(context)),
  profiles: context => import('./profiles.js').then(module => module.profiles(context)),
  disconnector: context => import('./orders.js').then(module => module.disconnector(context)),
};

export async function page(view) {
  const [id, tab = 'values'] = view.rest;
  const meter = await get(path`/meters/${id}`);
  view.title(`${id} · ${T.meter.tabs[tab] || ''}`);
  const state = h('span');
  const facts = h('p.lead');
  let drift = null;
  const draw = meter => {
    fill(state, badge(...linkState(meter.status)), meter.protected && [' ', badge('warn', T.meter.protected)]);
    const { status } = meter;
    fill(facts, [meter.name, way(meter.channel), status?.lastContact ? [T.meter.contact, ' ', time(status.lastContact, { relative: true, zone: meter.timeZone })] : T.meter.never, status?.openAssociation && T.meter.association(status.openAssociation.name ?? status.openAssociation), status?.queueLength ? T.meter.queue(status.queueLength) : null, drift].filter(Boolean).flatMap((one, place) => place ? [' · ', one] : [one]));
  };
  draw(meter);
  // What the clock was off by when it was last read; the meter is not asked.
  get(path`/meters/${id}/clock/history`).then(({ items }) => {
    if (items.length) drift = T.meter.drift(items.at(-1).offsetSeconds.toFixed(1));
    draw(meter);
  }).catch(() => {});
  const body = h('div', bones(6));
  fill(view.root,
    h('div.head', h('div', h('div.actions', h('h1', id), state), facts)),
    h('nav.tabs', { 'aria-label': T.meter.tabsLabel }, Object.entries(T.meter.tabs).map(([key, text]) => h('a', { href: meterLink(id, key), 'aria-current': key === tab && 'page' }, text))),
    body);
  view.root.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  const fresh = async () => { try { draw(await get(path`/meters/${id}`)); } catch { /* the tab tells */ } };
  view.every(15, fresh);
  follow(['meter.'], event => event.data?.meter === id && fresh(), view.signal);
  const context = { view, id, meter, body, fresh, zone: meter.timeZone, at: (text = '') => path`/meters/${id}` + text };
  try {
    if (!Object.hasOwn(views, tab)) throw Object.assign(new Error(), { unknown: true });
    await views[tab](context);
  } catch (error) {
    if (error.unknown) throw error;
    if (!view.signal.aborted) fill(body, problem(error, () => view.show()));
  }
}

/// Registers with what is stored of them, and reading them now.
async function values({ view, id, body, at, zone, fresh }) {
  const words = T.meter.values;
  // Without its list of objects what is stored is shown all the same.
  let missed = null;
  const [latest, objects] = await Promise.all([get(at('/readings/latest')), get(at('/objects')).catch(error => { missed = error; })]);
  const known = new Map();
  for (const [name, reading] of Object.entries(latest.readings)) if (reading.object) known.set(`${reading.object.obis}/${reading.object.attribute ?? 2}`, { ...reading, alias: name });
  const listed = objects?.items || [...known.values()].map(({ object, alias }) => ({ name: alias, ...object, class: 3, attributes: [{ id: 2, access: 'read' }] }));
  const registers = listed.filter(object => [3, 4, 5].includes(object.class) && object.attributes.some(one => one.id === 2 && one.access.includes('read')));
  registers.sort((a, b) => known.has(b.obis + '/2') - known.has(a.obis + '/2') || a.obis.startsWith('0.') - b.obis.startsWith('0.'));
  const cells = new Map();
  const trouble = h('div'), line = h('div');
  const search = searchBox(view, words.filter, () => filter());
  const reading = (value, at, source) => under(quantity(value), time(at, { relative: true, zone }), `, ${T.source[source] || source}`);
  const request = list => ({ method: 'POST', path: at('/read'), headers: { 'Cache-Control': 'no-cache' }, body: { items: list.map(object => ({ object: object.obis, attribute: 2 })) } });
  const read = async (list, button, signal = view.signal) => {
    const answer = await call({ ...request(list) }, signal);
    for (const item of answer.items) {
      const cell = cells.get(item.object?.obis || item.object);
      if (!cell) continue;
      if (item.problem) { fill(cell.value, badge('bad', item.problem.title || item.problem.type)); continue; }
      fill(cell.value, reading(item.value, item.readAt || new Date().toISOString(), item.source || 'live'));
    }
    say(T.refreshed);
    fresh();
  };
  const all = h('button.main', icon('again'), words.read);
  let underWay = null;
  all.addEventListener('click', async () => {
    if (underWay) return underWay.abort();
    const mine = underWay = new AbortController(), start = Date.now();
    view.signal.addEventListener('abort', () => mine.abort());
    const tick = () => fill(all, icon('bad'), words.stop, ' · ', words.reading(Math.round((Date.now() - start) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    trouble.replaceChildren();
    try { await read(seen(), all, mine.signal); } catch (error) { fill(trouble, problem(error)); }
    clearInterval(timer);
    underWay = null;
    fill(all, icon('again'), words.read);
  });
  const seen = () => registers.filter(object => `${object.name} ${object.obis}`.toLowerCase().includes(search.words));
  const rows = registers.map(object => {
    const stored = known.get(object.obis + '/2');
    const cell = { value: h('td.num', stored ? reading(stored, stored.time || stored.receivedAt, 'cache') : h('span.soft', words.unread)), object };
    cells.set(object.obis, cell);
    cell.row = h('tr', h('td', under(h('a', { href: meterLink(id, `objects/${object.obis}`) }, object.name || object.obis), object.obis, stored?.alias && !stored.alias.includes('.') ? ` · ${stored.alias}` : '')), cell.value,
      h('td', h('div.actions', action('button.small', { text: words.readOne, 'aria-label': `${words.readOne} ${object.name || object.obis}` }, () => read([object]), trouble))));
    return cell.row;
  });
  const filter = () => {
    const list = seen();
    for (const { row, object } of cells.values()) row.hidden = !list.includes(object);
    fill(line, list.length ? curlLine(request(list.slice(0, 3))) : null);
  };
  if (missed) fill(trouble, problem(missed, () => view.show()));
  fill(body, trouble,
    registers.length ? h('div.panel', h('header', h('h2', words.title), h('div.actions', search, all)), table([words.columns[0], { text: words.columns[1], num: true }, ''], rows, words.title), h('footer', line))
      : h('div.panel', missed ? empty(words.nothing, words.nothingHint, allowed('readings:live') && h('a.button', { href: meterLink(id, 'check?run=1') }, T.meter.check.run)) : empty(words.empty, words.emptyHint, h('a.button', { href: meterLink(id, 'objects') }, words.toObjects))),
    allowed('readings:live') && clockPanel({ view, at, zone }));
  filter();
}

function clockPanel({ at, zone }) {
  const words = T.meter.values;
  const shown = h('div.body'), trouble = h('div.body', { hidden: true });
  const max = input('max', { value: 'PT1H' });
  const sync = () => ({ method: 'POST', path: at('/clock/sync'), body: { maxAdjust: said(max) } });
  const line = h('div');
  const update = () => fill(line, curlLine(at('/clock')), curlLine(sync()));
  max.addEventListener('input', update);
  update();
  const show = work => async () => {
    trouble.hidden = true;
    try { await work(); } catch (error) { trouble.hidden = false; fill(trouble, problem(error)); }
  };
  const read = async () => {
    const now = await get(at('/clock'));
    fill(shown, facts([words.clock, clock(now.time || now.instant, now.time ? null : zone)], [words.offset, now.offsetSeconds === null ? T.none : `${now.offsetSeconds > 0 ? '+' : ''}${now.offsetSeconds} s`]));
  };
  fill(shown, h('p.soft', T.meter.values.unread));
  return panel(words.clock, [action('button', { text: words.readClock }, show(read))], shown, trouble, h('div.body', h('div.bar', field(words.max, max), action('button', { text: words.sync }, show(async () => { await call(sync()); say(words.syncDone); await read(); shown.append(h('p.note.ok', words.syncDone)); })))), h('footer', line));
}

async function events({ view, body, at }) {
  const words = T.meter.events;
  const last = view.words.get('last') || 'P7D';
  const ranges = { P1D: T.meter.profiles.ranges.P1D, P7D: T.meter.profiles.ranges.P7D, P31D: T.meter.profiles.ranges.P31D };
  const target = at('/events') + query({ last });
  const picker = choice(ranges, last, T.meter.profiles.range, value => { view.set({ last: value }); view.show(); });
  fill(body, h('div.bar', picker), h('div.panel', bones(5)));
  let answer;
  try { answer = await get(target); } catch (error) {
    if (error.name === 'AbortError') throw error;
    return void fill(body, h('div.bar', picker), problem(error, () => view.show()));
  }
  fill(body, h('div.bar', picker), answer.failed.map(one => problem({ status: 0, ...one.problem })),
    panel(words.title, null, answer.items.length ? table(words.columns, answer.items.map(event => [time(event.time), under(event.event || words.code(event.code), words.code(event.code)), h('td.mono', event.log), qualityBadge(event.quality)]), words.title) : empty(words.empty, words.emptyHint), h('footer', curlLine(target))));
}

/// The messages of the meter while they are watched; the answer is read as it comes.
async function trace({ view, id, body, at }) {
  const words = T.meter.trace;
  const log = h('div.log', { tabindex: '0', role: 'log', 'aria-label': words.log }, empty(words.empty, words.emptyHint));
  const trouble = h('div');
  const lines = [];
  let watch = null;
  const button = h('button.main', { onclick: () => watch ? watch.abort() : run() }, words.start);
  const request = { path: at('/trace') + '?decode=true&for=PT10M', headers: { Accept: 'application/x-ndjson' } };
  const run = async () => {
    watch = new AbortController();
    view.signal.addEventListener('abort', () => watch?.abort());
    fill(button, words.stop);
    fill(trouble);
    if (!lines.length) fill(log, empty(words.empty, words.emptyHint));
    try {
      const reader = (await send(request, watch.signal)).body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = '', part; !(part = await reader.read()).done;) {
        const found = (rest + part.value).split('\n');
        rest = found.pop();
        for (const text of found.filter(Boolean)) {
          const message = JSON.parse(text);
          if (message.end) continue;
          if (!lines.length) log.replaceChildren();
          lines.push(text);
          const { time: when, event, octets, decoded, association, meter, masked, ...more } = message;
          const inner = decoded?.message?.decoded || decoded?.decoded;
          log.append(h('div', h('span.soft', when ? clock(when).slice(11) + ' ' : ''), h('strong', event), ' ', association && h('span.soft', association + ' '), octets || Object.values(more).join(' '), decoded && h('details', h('summary', inner?.apdu || T.tools.result), h('pre', JSON.stringify(decoded, null, 1)))));
          if (lines.length > 500) { lines.shift(); log.firstElementChild.remove(); }
          log.scrollTop = log.scrollHeight;
        }
      }
    } catch (error) { fill(trouble, problem(error)); }
    watch = null;
    fill(button, words.start);
  };
  fill(body, trouble, h('section.panel', { 'aria-label': words.title }, h('header', h('div', h('h2', words.title), h('p.soft', words.lead)), h('div.actions', button, h('button', { onclick: () => download(`${id}-trace.ndjson`, 'application/x-ndjson', lines.join('\n') + '\n') }, icon('save'), words.save))), log, h('footer', curlLine({ ...request, path: at('/trace') + '?decode=true&for=PT3S' }))));
}

async function check({ view, body, at, fresh }) {
  const words = T.meter.check;
  const shown = h('div.body'), trouble = h('div');
  const request = { method: 'POST', path: at('/check') };
  const pictures = { ok: ['ok', 'ok-ink'], failed: ['bad', 'bad-ink'], skipped: ['idle', 'soft'] };
  const run = async () => {
    fill(shown, bones(5));
    let answer;
    try { answer = await call(request); } catch (error) { fill(shown); throw error; }
    fill(shown, h('p.note' + (answer.ok ? '.ok' : '.warn'), { role: 'status' }, answer.ok ? words.passed : words.failed, ' ', answer.deviceName && words.device(answer.deviceName)),
      h('ol.steps', answer.steps.map(step => {
        const [picture, ink] = pictures[step.outcome] || pictures.failed;
        return h('li', h('span.' + ink, icon(picture)), h('div', h('strong', words.steps[step.name] || step.name), h('span.soft', ` ${words.outcome[step.outcome === 'skipped' && !answer.ok ? 'missed' : step.outcome] || step.outcome}`), step.hint && h('p', step.hint), step.problem && h('p.bad-ink', step.problem.detail || step.problem.title)), h('span.soft', step.outcome === 'skipped' ? '' : `${Math.round(step.milliseconds)} ms`));
      })));
    fresh();
  };
  const button = action('button.main', { text: words.run }, run, trouble);
  fill(shown, h('p.soft', words.lead));
  fill(body, trouble, panel(words.title, [button], shown, h('footer', curlLine(request))));
  if (view.words.get('run')) { view.set({ run: null }); button.click(); }
}

async function settings({ view, id, body, at }) {
  const words = T.meter.settings;
  const meter = await get(at());
  const { status, revision, createdAt, updatedAt, ...configuration } = meter;
  const name = input('name', { value: meter.name || '' }), labels = input('labels', { value: Object.entries(meter.labels || {}).map(([key, value]) => `${key}=${value}`).join(', ') }), zone = input('zone', { value: meter.timeZone }), guarded = h('input', { type: 'checkbox', checked: meter.protected });
  const trouble = h('div'), line = h('div');
  const patch = h('textarea', { name: 'patch', placeholder: '{"timeouts":{"response":"PT20S"}}' });
  const request = () => {
    const wanted = labelsOf(labels.value);
    for (const key of Object.keys(meter.labels || {})) if (!(key in wanted)) wanted[key] = null;
    return { method: 'PATCH', path: at(), headers: { 'Content-Type': 'application/merge-patch+json', 'If-Match': meter.etag || '*' }, body: { name: said(name) || null, labels: wanted, timeZone: said(zone), protected: guarded.checked, ...(said(patch) ? JSON.parse(patch.value) : {}) } };
  };
  const update = () => { try { fill(line, curlLine(request())); } catch { /* while it is written */ } };
  const save = action('button.main', { text: T.save }, async () => { await call(request()); say(words.saved); view.show(); }, trouble);
  const remove = { method: 'DELETE', path: at() };
  fill(body, trouble, h('div.columns',
    h('div', panel(words.basic, null, h('form.body.stack', { oninput: update, onsubmit: event => { event.preventDefault(); save.click(); } }, h('div.form', field(T.name_, name), field(T.meters.form.zone, zone), h('div.full', field(T.meters.form.labels, labels, T.meters.form.labelsHint)), h('label.full', guarded, T.meters.form.protected), h('div.full', field(words.merge, patch, words.mergeHint))), h('div.actions', save), line)),
      panel(words.remove, null, h('div.body.stack', h('p.soft', words.removeLead), removal(id, remove.path, () => { location.hash = '#/meters'; }, trouble), curlLine(remove)))),
    h('div', panel(words.all, null, h('div.body.stack', h('p.soft', words.allLead), listing(words.all, configuration), curlLine(at()))),
      panel(words.status, null, h('div.body', listing(words.status, { revision, createdAt, updatedAt, ...status }))))));
  update();
}
