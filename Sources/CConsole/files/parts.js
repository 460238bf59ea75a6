// SPDX-License-Identifier: Apache-2.0
import { h, fill, icon } from './dom.js';
import { address, call, curl, get, send } from './api.js';
import { T } from './texts.js';

// A page imports everything from here.
export * from './dom.js';
export * from './api.js';
export { T };

/// Says something to those who do not see the page.
export function say(text) {
  document.getElementById('said').textContent = text;
}

/// Puts a text on the clipboard, also where the page is not served over TLS.
export async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h('textarea', { 'aria-hidden': 'true', value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  say(T.copied);
  if (!button) return;
  const before = [...button.childNodes];
  fill(button, icon('ok'), T.copied);
  setTimeout(() => fill(button, before), 1600);
}

/// A curl line with a button that copies it: `<console-curl>` with `line` set to a request, or to the path of one that only reads.
class ConsoleCurl extends HTMLElement {
  set line(request) {
    const text = curl(typeof request === 'string' ? { path: request } : request);
    this.className = 'curl';
    const button = h('button.small.plain', { 'aria-label': T.copyCurl, onclick: () => copy(text, button) }, icon('copy'), T.copy);
    fill(this, h('code', { tabindex: '0', role: 'group', 'aria-label': T.curl }, text), button);
  }
}
customElements.define('console-curl', ConsoleCurl);
export const curlLine = request => h('console-curl', { line: request });

/// A state: colour, picture and word.
export const badge = (kind, text) => h(`span.badge.${kind}`, icon(kind), text);

const jobKinds = { succeeded: 'ok', failed: 'bad', 'partially-succeeded': 'warn', 'outcome-unknown': 'warn', expired: 'warn', 'awaiting-confirmation': 'warn', running: 'busy', queued: 'wait', scheduled: 'wait', 'waiting-for-meter': 'wait' };
export const jobBadge = state => badge(jobKinds[state] || 'idle', T.job[state] || state);
export const qualityBadge = quality => badge({ valid: 'ok', suspect: 'warn', missing: 'bad' }[quality] || 'idle', T.quality[quality] || quality);

/// How a meter was found, as the API names it, with its picture; nothing is known of those in the last state.
export const meterStates = { online: 'ok', failing: 'warn', offline: 'bad', 'breaker-open': 'bad', unknown: 'idle' };

/// How the line to a meter is: `[kind, word]`.
export function linkState(status) {
  if (!status) return ['idle', T.none];
  if (status.channel?.heldUntil || status.channel?.state === 'held') return ['warn', T.link.held];
  if (status.linkState === 'connecting' || status.linkState === 'busy') return ['busy', T.link[status.linkState]];
  return [meterStates[status.state] || 'idle', T.link[status.state] || T.none];
}

/// What went wrong: title, detail, hint, help page and trace id; nothing if the page was left before the answer came.
export function problem(error, retry) {
  if (error.name === 'AbortError') return null;
  console.debug(error);
  const known = error.status !== undefined;
  const type = known && error.type && error.type.includes('/problems/') ? address('/docs/problems/' + error.kind) : null;
  const button = h('button.plain.small', { 'aria-label': T.problem.copyTrace, onclick: () => copy(error.traceId, button) }, icon('copy'), error.traceId);
  return h('div.problem', { role: 'alert' },
    h('strong', icon('warn'), known ? error.title : String(error.message)),
    known && error.detail && h('p', error.detail),
    error.hint && h('p', error.hint),
    (type || error.traceId || retry) && h('div.foot',
      type && h('a', { href: type, target: '_blank', rel: 'noopener' }, T.problem.help),
      error.traceId && h('span', T.problem.trace, ' ', button),
      retry && h('button.small', { onclick: retry }, icon('again'), T.problem.retry)));
}

/// A thing and, in small print below it, more about it.
export const under = (thing, ...more) => [thing, h('br'), h('small.soft', more)];

/// The button that shows more of a list.
export const more = work => h('footer', h('button.plain', { onclick: work }, T.more));

/// What stands where content will be.
export const bones = (rows = 4) => h('div.bones', { 'aria-hidden': 'true' }, Array.from({ length: rows }, () => h('i')));

/// What stands where there is nothing, with what can be done about it.
export const empty = (title, hint, action) => h('div.empty', h('strong', title), hint && h('p', hint), action);

/// JSON to look at.
export const listing = (label, value) => h('pre.code', { tabindex: '0', role: 'group', 'aria-label': label }, typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/// A titled part of a page.
export function panel(title, actions, ...body) {
  return h('section.panel', { 'aria-label': title }, h('header', h('h2', title), actions && h('div.actions', actions)), body);
}

/// A list to choose from that stands beside what is chosen; where there is no room beside, it is folded once something is chosen.
export function picker(title, chosen, ...body) {
  const isNarrow = matchMedia('(max-width: 1059px)').matches;
  return h('details.picker', { open: !(isNarrow && chosen) }, h('summary', h('h2', title)), body);
}

/// The head of a page.
export function head(title, lead, ...actions) {
  return h('div.head', h('div', h('h1', title), lead && h('p.lead', lead)), h('div.actions', actions));
}

/// A table in a box that scrolls sideways; `columns` are texts or `{text, num, wide, sort}`, where `wide` ones are left out on a narrow screen; a row is a list of cells (each a list of what is in it, or a `td`) or a `tr`.
export function table(columns, rows, label) {
  return h('div.scroll', { tabindex: '0', role: 'group', 'aria-label': label },
    h('table',
      h('thead', h('tr', columns.map(column => {
        const text = column.text ?? column;
        return h('th' + (column.num ? '.right' : '') + (column.wide ? '.wide' : ''), { scope: 'col', 'aria-sort': column.sort }, text || h('span.hush', T.actions));
      }))),
      h('tbody', rows.map(row => Array.isArray(row) ? h('tr', row.map((cell, place) => cell?.tagName === 'TD' ? cell : h(columns[place]?.wide ? 'td.wide' : 'td', cell))) : row))));
}

/// Names and what they stand for; a pair that is `false` or null is left out.
export const facts = (...pairs) => h('dl.facts', pairs.filter(Boolean).map(([name, value]) => [h('dt', name), h('dd', value)]));

/// Where a meter is in the console.
export const meterLink = (id, rest = '') => `#/meter/${encodeURIComponent(id)}${rest && '/'}${rest}`;

/// A link to a job, with its kind as text.
export const jobLink = (job, text = T.kind[job.kind] || job.kind) => h('a', { href: `#/job/${job.id}` }, text);

let serial = 0;
/// A labelled control.
export function field(text, control, hint) {
  const id = 'f' + ++serial;
  control.id ||= id;
  if (hint) control.setAttribute('aria-describedby', id + 'h');
  return h('div.field', h('label', { for: control.id }, text), control, hint && h('small', { id: id + 'h' }, hint));
}
/// What is written in a control, without blanks around it.
export const said = control => control.value.trim();
export const input = (name, options = {}) => h('input', { name, type: 'text', autocomplete: 'off', spellcheck: 'false', ...options });
export function select(name, options, value) {
  const element = h('select', { name }, Object.entries(options).map(([key, text]) => h('option', { value: key }, text)));
  if (value !== undefined && value !== null) element.value = value;
  return element;
}

/// A row of buttons of which one is pressed.
export function choice(options, value, label, change) {
  return h('div.choice', { role: 'group', 'aria-label': label }, Object.entries(options).map(([key, text]) =>
    h('button', { 'aria-pressed': String(key === value), onclick: () => change(key) }, text)));
}

/// A button that works on something: it cannot be pressed twice, and what went wrong is shown in `place`.
export function action(name, options, work, place) {
  const button = h(name, { ...options, onclick: async () => {
    button.disabled = true;
    place?.replaceChildren();
    try {
      await work(button);
    } catch (error) {
      if (place) fill(place, problem(error));
    } finally {
      button.disabled = false;
      typed?.();
    }
  } }, options.icon && icon(options.icon), options.text);
  button.removeAttribute('icon');
  button.removeAttribute('text');
  const typed = options.typed;
  return button;
}

/// A button that works only once a word is typed; Enter does nothing.
export function confirmed(word, label, name, options, work, place) {
  const box = input('confirmation', { required: true });
  const check = () => { button.disabled = box.value.trim() !== word; };
  const button = action(name, { ...options, typed: () => check() }, async it => { await work(it); box.value = ''; }, place);
  button.removeAttribute('typed');
  button.disabled = true;
  box.addEventListener('input', check);
  box.addEventListener('keydown', event => { if (event.key === 'Enter') event.preventDefault(); });
  return h('div.stack', field(label, box), h('div.actions', button));
}

/// A search box whose words stand in the address; `draw` shows what is found.
export function searchBox(view, text, draw) {
  const box = input('q', { type: 'search', value: view.words.get('q') || '', placeholder: text, 'aria-label': text });
  box.addEventListener('input', () => {
    view.set({ q: box.value.trim() });
    draw();
  });
  Object.defineProperty(box, 'words', { get: () => box.value.trim().toLowerCase() });
  return box;
}

/// Deletes what is at a path once its name is typed, and only in the version that was seen.
export const removal = (name, at, work, place) => confirmed(name, T.removeConfirm(name), 'button.danger.main', { text: T.remove }, async () => {
  await send({ method: 'DELETE', path: at, headers: { 'If-Match': (await get(at)).etag || '*' } });
  await work();
}, place);

/// Asks in a place of its own whether something from a list is to be deleted.
export function askRemoval(name, at, work, { place, trouble }) {
  const gone = async () => {
    fill(place);
    await work();
  };
  fill(place, panel(`${T.remove}: ${name}`, null, h('div.body', removal(name, at, gone, trouble))));
  place.scrollIntoView({ block: 'nearest' });
  place.querySelector('input').focus();
}

/// How long ago a moment is, or how far ahead.
export function ago(instant) {
  const seconds = Math.round((Date.now() - new Date(instant)) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return T.ago.now;
  const scale = size < 90 ? ['seconds', 1] : size < 5400 ? ['minutes', 60] : size < 129600 ? ['hours', 3600] : ['days', 86400];
  const text = T.ago[scale[0]](Math.round(size / scale[1]));
  return seconds < 0 ? T.ago.in(text.replace(/ ago$/, '')) : text;
}

/// A moment as the gateway wrote it, in the zone of the meter, with UTC on hover.
export function time(instant, { relative, zone } = {}) {
  if (!instant) return T.none;
  const shown = clock(instant, zone);
  const utc = new Date(instant).toISOString().replace('T', ' ').replace(/\.\d+/, '').replace('Z', ' ' + T.utc);
  return h('time.nowrap', { datetime: instant, title: relative ? `${shown} · ${utc}` : utc }, relative ? ago(instant) : shown);
}

/// `2026-11-22 08:15:03`: in the zone given, or as written when it has an offset of its own, else in that of the browser.
export function clock(instant, zone) {
  if (!zone && /[+-]\d\d:\d\d$/.test(instant)) return instant.slice(0, 19).replace('T', ' ');
  const format = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  try {
    return new Intl.DateTimeFormat('sv-SE', { ...format, timeZone: zone }).format(new Date(instant));
  } catch {
    return instant;
  }
}

/// A number with its thousands apart.
export const number = text => {
  const [whole, part] = String(text).split('.');
  return /^-?\d{5,}$/.test(whole) ? whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') + (part ? '.' + part : '') : String(text);
};
/// A quantity with its unit.
export function quantity(value) {
  if (value && typeof value === 'object' && 'unit' in value && 'value' in value && typeof value.value !== 'object') return h('span.nowrap', h('b', number(value.value)), h('span.unit', value.unit || ''));
  return shown(value);
}
const two = part => part === null ? '*' : String(part).padStart(2, '0');
/// A time of which not everything is said: `*-10-last (7) 03:00:00`, with the day of the week in brackets.
const openTime = time => `${time.year ?? '*'}-${two(time.month)}-${two(time.dayOfMonth)}${time.dayOfWeek ? ` (${time.dayOfWeek})` : ''} ${[time.hour, time.minute, time.second].map(two).join(':')}`;

/// Any value, short.
export function shown(value) {
  if (value === null || value === undefined) return h('span.soft', T.none);
  if (typeof value === 'object' && 'code' in value && 'name' in value) return h('span', value.name, h('span.unit', String(value.code)));
  if (Array.isArray(value.set)) return h('span', value.set.join(', ') || T.noFlags, h('span.unit', String(value.bits ?? value.code ?? '')));
  if (value.iso === null && 'dayOfWeek' in value) return h('span.nowrap', { title: value.hex }, openTime(value));
  if (typeof value === 'object' && 'value' in value && 'unit' in value && typeof value.value !== 'object') return quantity(value);
  if (typeof value === 'object') return h('code.value', JSON.stringify(value, null, Array.isArray(value) && value.length > 3 ? 1 : 0));
  return h('span.value', String(value));
}

/// How far a job is, in one bar.
export function progress({ total, succeeded = 0, failed = 0, unknown = 0, cancelled = 0, expired = 0, done = 0 }) {
  const part = (name, count) => count > 0 && h('i' + name, { width: `${100 * count / Math.max(1, total)}%` });
  return h('div.progress', { role: 'img', 'aria-label': T.jobs.done(done, total) }, part('', succeeded), part('.failed', failed), part('.unknown', unknown), part('.rest', cancelled + expired));
}

/// What a job is about, in a few words.
export function targetText(target, total) {
  if (!target) return total ? T.meters.count(total) : T.none;
  if (target.meters) return target.meters.length > 2 ? `${target.meters.slice(0, 2).join(', ')} +${target.meters.length - 2}` : target.meters.join(', ');
  return target.selector || target.group || JSON.stringify(target);
}

/// Hands a file to the person.
export function download(name, type, text) {
  const link = h('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/// A form that sends one request, with its curl line: `controls` are its fields, `request` gives what is sent, `done` gets the answer.
export function sender(controls, text, request, done, { back, changed } = {}) {
  const trouble = h('div'), line = h('div');
  const update = () => {
    changed?.();
    try { fill(line, curlLine(request())); } catch { fill(line); }
  };
  const go = h('button.main', { type: 'submit' }, text);
  const submit = async event => {
    event.preventDefault();
    go.disabled = true;
    fill(trouble);
    try {
      await done(await call(request()));
    } catch (error) {
      fill(trouble, problem(error));
    }
    go.disabled = false;
  };
  update();
  return h('form.stack', { oninput: update, onsubmit: submit }, controls, trouble, h('div.actions', go, back && h('a.button', { href: back }, T.cancel)), line);
}
