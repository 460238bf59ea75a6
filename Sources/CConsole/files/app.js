// SPDX-License-Identifier: Apache-2.0
import { T, h, fill, icon, get, key, caller, away, curlLine, life as request, say, field, input, bones, problem, empty, facts, clock, badge } from './parts.js';
import { follow, listen } from './live.js';

/// The file of each page.
const pages = {
  '': 'overview', meters: 'meters', 'add-meter': 'meters', 'import-meters': 'import', meter: 'meter', jobs: 'jobs', job: 'jobs', 'new-job': 'jobs', schedules: 'schedules', 'new-schedule': 'schedules',
  orders: 'orders', channels: 'fleet', groups: 'fleet', webhooks: 'admin', admin: 'admin', tools: 'tools', api: 'explorer',
};
const menu = [
  [T.nav.operate, [['', T.overview, 'home'], ['meters', T.meters, 'meter'], ['jobs', T.jobs, 'jobs'], ['schedules', T.schedules, 'clock'], ['orders', T.orders, 'ok']]],
  [T.nav.network, [['channels', T.channels, 'lines'], ['groups', T.groups, 'group']]],
  [T.nav.more, [['tools', T.tools, 'wrench'], ['api', T.api, 'tool'], ['webhooks', T.webhooks, 'hook'], ['admin', T.admin, 'key']]],
];
const home = { meter: 'meters', 'add-meter': 'meters', 'import-meters': 'meters', job: 'jobs', 'new-job': 'jobs', 'new-schedule': 'schedules' };
const main = document.getElementById('main');
const side = document.getElementById('side');
const sent = document.getElementById('sent');
let running = null, isFresh = false, identified = null;

/// What the address says: `#/meters?q=a` is the page `meters` with its words.
function place() {
  const [path, words = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/').map(decodeURIComponent);
  return { name, rest, words: new URLSearchParams(words) };
}

/// Shows the page of the address; what the page before had under way ends.
async function show({ keep = false } = {}) {
  running?.abort();
  if (!keep) {
    sent.hidden ||= !isFresh;
    isFresh = false;
  }
  const life = running = new AbortController();
  request.signal = life.signal;
  const { name, rest, words } = place();
  document.body.classList.remove('open');
  document.querySelector('.menu')?.setAttribute('aria-expanded', 'false');
  for (const link of side.querySelectorAll('a')) {
    if (link.dataset.page === (home[name] ?? name)) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  const view = {
    name, rest, words, signal: life.signal, root: main,
    /// Changes words of the address without leaving the page.
    set(changes) {
      for (const [word, value] of Object.entries(changes)) { words.delete(word); for (const one of [value].flat()) if (one !== null && one !== undefined && one !== '') words.append(word, one); }
      const text = words.toString();
      history.replaceState(null, '', '#/' + [name, ...rest].map(encodeURIComponent).join('/') + (text && '?' + text));
    },
    show: () => show({ keep: true }),
    title(text) { document.title = `${text} · ${T.name}`; },
    /// Does something after events of these kinds, and once a minute for the times that are shown.
    follow(kinds, work) {
      follow(kinds, work, life.signal);
      view.every(60, () => work().catch(() => {}));
    },
    /// Does something again and again while the page is seen: what no event tells of.
    every(seconds, work) {
      const timer = setInterval(() => { if (!document.hidden) work(); }, seconds * 1000);
      life.signal.addEventListener('abort', () => clearInterval(timer));
    },
  };
  if (!keep) fill(main, h('div', { role: 'status' }, h('span.hush', T.loading), bones(6)));
  try {
    if (!Object.hasOwn(pages, name)) throw Object.assign(new Error(), { unknown: true });
    const [module] = await Promise.all([import(`./${pages[name]}.js`).catch(() => { throw away(); }), identified]);
    if (life.signal.aborted) return;
    await module.page(view);
  } catch (error) {
    if (life.signal.aborted || error.name === 'AbortError') return;
    const back = h('a.button', { href: '#/' }, T.toOverview);
    if (error.unknown) { view.title(T.pageUnknown); fill(main, h('h1.hush', T.pageUnknown), h('div.panel', empty(T.pageUnknown, T.pageUnknownHint, back))); }
    else fill(main, main.querySelector('.head') || h('h1.hush', T.name), problem(error, () => show()));
  }
  if (!keep && !life.signal.aborted && !main.contains(document.activeElement)) {
    scrollTo(0, 0);
    if (document.activeElement !== search) main.focus({ preventScroll: true });
  }
}

const search = input('q', { type: 'search', placeholder: T.find, 'aria-label': T.findLabel, 'aria-keyshortcuts': '/' });

function shell() {
  fill(document.getElementById('top'),
    h('button.plain.menu', { 'aria-label': T.nav.menu, 'aria-controls': 'side', 'aria-expanded': 'false', onclick: event => event.currentTarget.setAttribute('aria-expanded', String(document.body.classList.toggle('open'))) }, icon('menu')),
    h('a.brand', { href: '#/', 'aria-label': T.name }, h('img', { src: 'icon.svg', alt: '' }), h('span', T.name)),
    h('form', { role: 'search', onsubmit: event => { event.preventDefault(); location.hash = '#/meters?q=' + encodeURIComponent(search.value.trim()); } }, search),
    h('div.end', h('span', { id: 'live', role: 'status' }), h('button.plain.wide', { onclick: shortcuts, title: T.keys }, h('kbd', '?'), h('span.hush', T.keys)), h('span', { id: 'who' })));
  fill(side, menu.map(([title, items]) => [h('h2', title), h('ul', items.map(([page, { title }, picture]) => h('li', h('a', { href: '#/' + page, 'data-page': page }, icon(picture), title, h('span.count', { id: 'n-' + page })))))]));
  identified = who();
}

/// Who is signed in and what they may do, and the way in or out.
async function who() {
  const button = key.value
    ? h('button.small', { onclick: () => { key.value = ''; identified = who(); show(); } }, T.signOut)
    : h('button.small', { onclick: () => signIn() }, T.signIn);
  const place = document.getElementById('who');
  fill(place, button);
  dispatchEvent(new Event('signed-in'));
  caller.scopes = null;
  if (!key.value) return;
  try {
    const { principal, scopes } = await get('/whoami', null);
    caller.scopes = scopes;
    fill(place, h('span.wide.soft.small', principal, ' '), button);
  } catch { /* the page asks for another key */ }
}

function dialog(title, ...body) {
  const box = h('dialog', { 'aria-label': title, onclose: () => box.remove() }, h('div.body', h('h2', title), body));
  document.body.append(box);
  box.showModal();
  return box;
}

let asking = null, refused = '';
/// Asks for a key, once on each page.
function signIn(members) {
  if (asking?.isConnected || (members && refused === location.hash + key.value)) return;
  refused = location.hash + key.value;
  const secret = input('key', { type: 'password', required: true, autocomplete: 'current-password' });
  const form = h('form.stack', { onsubmit: event => { event.preventDefault(); key.value = secret.value.trim(); refused = ''; asking.close(); identified = who(); show(); } },
    h('p.soft', T.sign.lead), members && key.value && h('p.note.warn', members.detail || T.sign.wrong),
    field(T.sign.label, secret, T.sign.hint),
    h('div.actions', h('button.main', { type: 'submit' }, T.signIn), h('button', { onclick: () => asking.close() }, T.cancel)));
  asking = dialog(T.signIn, form);
}
addEventListener('sign-in', event => signIn(event.detail));

const off = 'cosem-gateway-no-keys';
function shortcuts() {
  const box = dialog(T.keys,
    facts(...T.shortcuts.list.map(([keys, text]) => [keys.split(' ').map(one => [h('kbd', one), ' ']), text])),
    h('label', h('input', { type: 'checkbox', checked: !localStorage.getItem(off), onchange: event => event.target.checked ? localStorage.removeItem(off) : localStorage.setItem(off, '1') }), T.shortcuts.on),
    h('div.actions', h('button', { onclick: () => box.close() }, T.close)));
}

let before = '';
addEventListener('keydown', event => {
  if (event.key === 'Escape') document.body.classList.remove('open');
  if (event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(off) || document.querySelector('dialog[open]')) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const jump = before === 'g' && { o: '#/', m: '#/meters', j: '#/jobs', s: '#/schedules' }[event.key];
  before = event.key;
  if (jump) location.hash = jump;
  else if (event.key === '/') { event.preventDefault(); (main.querySelector('input[type=search]') || search).focus(); }
  else if (event.key === 'r') { show({ keep: true }).then(() => say(T.refreshed)); }
  else if (event.key === '?') shortcuts();
});

/// What stands above every page: whether orders are held, and how many wait.
async function banner() {
  try {
    const [hold, waiting] = await Promise.all(['/system/orders-hold', '/jobs?state=awaiting-confirmation&limit=100'].map(path => get(path, null)));
    fill(document.getElementById('notice'), hold.held && h('div.held', { role: 'region', 'aria-label': T.held.title }, icon('warn'), h('strong', T.held.title), T.held.detail(hold.by, hold.since && clock(hold.since)), h('a', { href: '#/admin/hold' }, T.held.link)));
    fill(document.getElementById('n-orders'), waiting.items.length ? h('span.badge.warn', String(waiting.items.length)) : null);
  } catch { /* the page itself says what is wrong */ }
}
addEventListener('changed', banner);
addEventListener('signed-in', banner);

/// Says whether what is seen follows what happens.
function told(state) {
  const [kind, text, hint] = T.live[state];
  const place = document.getElementById('live');
  if (place.title === hint) return;
  fill(place, badge(kind, h('span.word', text))).title = hint;
  fill(document.getElementById('away'), state === 'away' && h('div.held', { role: 'alert' }, icon('warn'), h('strong', T.problem.away + '.'), T.live.since(clock(new Date().toISOString()))));
}

/// Every action leaves its curl line below the page, also below the page that it leads to.
addEventListener('sent', event => {
  isFresh = true;
  fill(sent, h('h2', T.sent), curlLine(event.detail)).hidden = false;
});

addEventListener('hashchange', () => { search.value = place().words.get('q') || ''; show(); });
shell();
show();
listen(told);
follow(['order.', 'job.finished'], banner, new AbortController().signal);
setInterval(() => { if (!document.hidden) banner(); }, 20_000);
