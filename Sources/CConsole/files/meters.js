// SPDX-License-Identifier: Apache-2.0
import { T, said, allowed, curlLine, badge, meterStates, linkState, problem, bones, empty, panel, head, meterLink, field, input, select, sender, h, fill, icon, path, query, get, pages } from './parts.js';
import { follow } from './live.js';

/// The state of meters that were on the screen lately; asked again after a while.
const states = new Map();

/// How a meter is reached, in a few characters.
export function way(channel) {
  if (typeof channel === 'string') return channel;
  return channel?.host ? `${channel.type} ${channel.host}:${channel.port}` : [channel?.type, channel?.device || channel?.identity || channel?.id].filter(Boolean).join(' ');
}

export async function page(view) {
  if (view.name === 'add-meter') return form(view);
  view.title(T.meters.title);
  const { words } = view;
  const search = input('q', { type: 'search', value: words.get('q') || '', placeholder: T.meters.filter, 'aria-label': T.meters.filter, 'aria-keyshortcuts': '/' });
  const label = input('label', { placeholder: T.meters.labelHint, 'aria-label': T.meters.label });
  const state = select('state', { '': T.meters.state, ...Object.fromEntries(Object.keys(meterStates).map(name => [name, T.link[name]])) }, words.get('state') || '');
  state.setAttribute('aria-label', T.state);
  state.addEventListener('change', () => { view.set({ state: state.value }); load(); });
  const chips = h('div.actions');
  const lead = h('p.lead', { role: 'status' }), bulk = h('span.actions');
  const rows = h('div', { role: 'rowgroup' });
  const names = h('div.row.names', { role: 'row' }, T.meters.columns.map(name => h('span', { role: 'columnheader' }, name)));
  const scroller = h('div.long', { tabindex: '0', role: 'table', 'aria-label': T.meters.list }, h('div', { role: 'rowgroup' }, names), rows);
  const trouble = h('div');
  const line = h('div');
  fill(view.root,
    h('div.head', h('div', h('h1', T.meters.title), lead), h('div.actions', bulk, allowed('meters:write') && [h('a.button', { href: '#/import-meters' }, T.import.title), h('a.button.main', { href: '#/add-meter' }, icon('plus'), T.meters.add)])),
    h('form.bar', { role: 'search', 'aria-label': T.meters.filter, onsubmit: event => { event.preventDefault(); if (said(label)) { view.set({ label: [...words.getAll('label'), said(label)] }); label.value = ''; load(); } } }, h('div.grow', search), state, label, h('button', { type: 'submit' }, T.apply), chips),
    trouble, h('div.panel', scroller), line);

  let meters = [], height = 44, loading = null, timer = 0;
  let drawn = null;
  /// Draws the rows that are seen, if they are others than before, and asks for their states.
  const draw = () => {
    if (!meters.length) return;
    height = matchMedia('(max-width: 859px)').matches ? 60 : 44;
    rows.style.height = `${meters.length * height}px`;
    const first = Math.max(0, Math.floor(scroller.scrollTop / height) - 6), last = Math.min(meters.length, first + Math.ceil(scroller.clientHeight / height) + 12);
    clearTimeout(timer);
    timer = setTimeout(() => ask(meters.slice(first, last)), 120);
    if (drawn?.meters === meters && drawn.height === height && drawn.first === first && drawn.last === last) return;
    drawn = { meters, height, first, last };
    const held = rows.contains(document.activeElement) && document.activeElement.getAttribute('href');
    fill(rows, meters.slice(first, last).map((meter, place) => {
      const state = h('span', { role: 'cell', 'data-state': meter.id });
      const known = states.get(meter.id);
      if (known) state.append(badge(...known.state));
      const row = h('div.row', { role: 'row', 'aria-rowindex': first + place + 2 },
        h('span', { role: 'cell' }, h('a', { href: meterLink(meter.id) }, meter.id)),
        h('span', { role: 'cell' }, meter.name || T.none),
        h('span', { role: 'cell' }, Object.entries(meter.labels || {}).map(([key, value]) => [h('button.chip', { onclick: () => pick(`${key}=${value}`) }, `${key}=${value}`), ' '])),
        h('span.mono', { role: 'cell' }, way(meter.channel)), state);
      row.style.transform = `translateY(${(first + place) * height}px)`;
      return row;
    }));
    if (held) rows.querySelector(`[href="${held}"]`)?.focus({ preventScroll: true });
    scroller.setAttribute('aria-rowcount', String(meters.length + 1));
  };
  /// Asks for the states of the rows that are seen, a few at a time.
  const ask = async seen => {
    const due = seen.filter(meter => !(states.get(meter.id)?.at > Date.now() - 15e3));
    const work = async () => {
      for (let meter; !view.signal.aborted && (meter = due.shift());) {
        try {
          const { status } = await get(path`/meters/${meter.id}`);
          states.set(meter.id, { at: Date.now(), state: linkState(status) });
          const cell = rows.querySelector(`[data-state="${meter.id}"]`);
          if (cell) fill(cell, badge(...linkState(status)));
        } catch { /* the row stays without a state */ }
      }
    };
    await Promise.all([work(), work(), work(), work()]);
  };
  const pick = text => { if (!words.getAll('label').includes(text)) { view.set({ label: [...words.getAll('label'), text] }); load(); } };
  /// Asks for the list; `again` leaves what is shown, and its place, until the new one is there.
  const load = async again => {
    if (again && loading) return;
    loading?.abort();
    if (!again) fill(bulk);
    const mine = loading = new AbortController();
    view.signal.addEventListener('abort', () => mine.abort());
    fill(chips, words.getAll('label').map(text => h('button.small', { 'aria-label': T.meters.dropLabel(text), onclick: () => { view.set({ label: words.getAll('label').filter(one => one !== text) }); load(); } }, text, icon('bad'))));
    const filter = { q: words.get('q'), label: words.getAll('label'), state: words.get('state') };
    fill(line, curlLine({ path: '/meters' + query({ ...filter, limit: 100 }) }));
    let found = [], isFirst = true;
    try {
      for await (const items of pages('/meters' + query({ ...filter, limit: 1000 }), mine.signal)) {
        found = found.concat(items);
        if (again) continue;
        meters = found;
        lead.textContent = T.meters.counting(found.length);
        if (isFirst) { scroller.scrollTop = 0; isFirst = false; }
        draw();
      }
      fill(trouble);
      meters = found;
      if (again) draw();
      lead.textContent = T.meters.count(found.length);
      // A job names its meters by labels, or one by one; labels can be kept as a group.
      const selector = !filter.q && !filter.state && filter.label.join(','), target = selector ? { selector } : found.length <= 100 && { meters: found.map(meter => meter.id).join(' ') };
      fill(bulk, found.length > 0 && target && allowed('jobs:write') && h('a.button', { href: '#/new-job' + query(target) }, T.meters.job), selector && allowed('meters:write') && h('a.button', { href: '#/groups' + query({ selector }) }, T.meters.keep));
      const isFiltered = filter.q || filter.label.length || filter.state;
      if (found.length) return;
      rows.style.height = '';
      const nothing = isFiltered ? empty(T.meters.empty, filter.state ? T.meters.stateHint : T.meters.emptyHint, h('a.button', { href: '#/meters' }, T.meters.clear)) : empty(T.overview.noMeters, T.overview.noMetersHint);
      fill(rows, h('div', { role: 'row' }, h('div', { role: 'cell' }, nothing)));
    } catch (error) {
      if (!mine.signal.aborted) { fill(trouble, problem(error, () => load())); fill(rows); }
    } finally {
      if (loading === mine) loading = null;
    }
  };
  let wait = 0;
  search.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(() => { view.set({ q: said(search) }); load(); }, 180); });
  let frame = 0;
  scroller.addEventListener('scroll', () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(draw); }, { passive: true });
  const resized = new ResizeObserver(draw);
  resized.observe(scroller);
  view.signal.addEventListener('abort', () => { resized.disconnect(); clearTimeout(timer); clearTimeout(wait); });
  fill(rows, h('div', { role: 'row' }, h('div', { role: 'cell' }, bones(8))));
  await load();
  view.every(15, draw);
  follow(['meter.'], () => {
    states.clear();
    return words.get('state') ? load(true) : draw();
  }, view.signal);
}

/// `a=1, b=2` as an object.
export const labelsOf = text => Object.fromEntries(text.split(',').map(one => one.trim()).filter(Boolean).map(one => { const at = one.indexOf('='); return at < 0 ? [one, ''] : [one.slice(0, at).trim(), one.slice(at + 1).trim()]; }));

function form(view) {
  const words = T.meters.form;
  view.title(T.meters.add);
  const id = input('id', { required: true }), name = input('name'), host = input('host', { required: true, placeholder: '192.0.2.10' }), port = input('port', { type: 'number', value: '4059', min: 1, max: 65535 });
  const framing = select('framing', { wrapper: 'wrapper (TCP)', hdlc: 'HDLC' }), logical = input('logical', { type: 'number', value: '1', min: 0 }), physical = input('physical', { type: 'number', value: '17', min: 0 });
  const client = input('client', { type: 'number', value: '32', min: 0 }), mechanism = select('mechanism', { low: words.low, none: words.none }), secret = input('secret', { type: 'password', autocomplete: 'new-password' });
  const zone = input('zone', { value: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' }), labels = input('labels', { placeholder: 'region=north' }), guarded = h('input', { type: 'checkbox', name: 'protected' });
  const fields = { physical: field(words.physical, physical), secret: field(words.secret, secret) };
  const request = () => ({
    method: 'POST', path: '/meters', body: {
      id: said(id) || 'M-1001', ...(said(name) && { name: said(name) }), ...(said(labels) && { labels: labelsOf(labels.value) }), timeZone: said(zone) || 'UTC', ...(guarded.checked && { protected: true }),
      channel: { type: 'tcp', host: said(host) || '192.0.2.10', port: Number(port.value) }, framing: framing.value,
      address: { logicalDevice: Number(logical.value), ...(framing.value === 'hdlc' && { physicalDevice: Number(physical.value) }) },
      associations: { reader: { clientAddress: Number(client.value), authentication: mechanism.value === 'none' ? { mechanism: 'none' } : { mechanism: mechanism.value, secret: { text: secret.value } } } },
    },
  });
  const changed = () => {
    fields.physical.hidden = framing.value !== 'hdlc';
    fields.secret.hidden = mechanism.value === 'none';
  };
  const controls = [
    h('section.panel', h('div.body.form', field(words.id, id, words.idHint), field(T.name_, name), field(words.zone, zone), field(words.labels, labels, words.labelsHint), h('label.full', guarded, words.protected))),
    h('section.panel', h('div.body.form', field(words.host, host), field(words.port, port), field(words.framing, framing), field(words.logical, logical), fields.physical)),
    panel(words.association, null, h('div.body.form', field(words.client, client), field(words.mechanism, mechanism), fields.secret)),
  ];
  const done = made => { location.hash = meterLink(made.id, 'check?run=1'); };
  fill(view.root, head(T.meters.add, words.lead), sender(controls, T.meters.add, request, done, { back: '#/meters', changed }));
  id.focus();
}
