// SPDX-License-Identifier: Apache-2.0
import { h, fill } from './dom.js';
import { get, call, send, path, query } from './api.js';
import { T } from './texts.js';
import { head, panel, problem, empty, bones, field, input, select, curlLine, action, confirmed, table, badge } from './parts.js';
import { way } from './meters.js';

export const page = view => view.name === 'groups' ? groups(view) : channels(view);

/// Paths that meters share, with what holds them up.
async function channels(view) {
  const words = T.channels;
  view.title(words.title);
  const list = h('div.panel', bones(4)), trouble = h('div'), line = h('div');
  const id = input('id', { required: true }), type = select('type', { tcp: 'TCP', udp: 'UDP' }), host = input('host', { required: true }), port = input('port', { type: 'number', value: '4059' });
  const request = () => ({ method: 'PUT', path: path`/channels/${id.value.trim() || 'line-1'}`, headers: { 'If-None-Match': '*' }, body: { type: type.value, host: host.value.trim() || '192.0.2.10', port: Number(port.value) } });
  const update = () => fill(line, curlLine(request()));
  const add = action('button.main', { text: words.form.go }, async () => { await call(request()); await load(); }, trouble);
  const load = async () => {
    const { items } = await get('/channels?limit=1000');
    if (list.contains(document.activeElement) && document.activeElement.tagName === 'BUTTON') return;
    const state = one => one.status?.heldUntil || one.status?.state === 'held' ? badge('warn', T.link.held) : one.status?.breaker?.state && one.status.breaker.state !== 'closed' ? badge('bad', T.link.breaker) : badge(one.status?.state === 'idle' ? 'idle' : 'busy', T.link[one.status?.state] || one.status?.state || T.none);
    const verb = (one, name, body) => action('button.small', { text: words[name], 'aria-label': `${words[name]} ${one.id}` }, async button => { await call({ method: 'POST', path: path`/channels/${one.id}` + '/' + name, body }); button.blur(); await load(); }, trouble);
    fill(list, items.length ? table(words.columns, items.map(one => h('tr', h('td', one.id, one.group && [h('br'), h('small.soft', one.group)]), h('td.mono', way(one)), h('td', state(one)), h('td', String(one.status?.queue?.length ?? T.none)), h('td', String(one.status?.counters?.exchanges ?? T.none)), h('td', h('div.actions', verb(one, 'hold', {}), verb(one, 'drain'), verb(one, 'resume'))))), words.title) : empty(words.empty, words.emptyHint));
  };
  fill(view.root, head(words.title, words.lead), trouble, list, curlLine({ path: '/channels' }), h('br'),
    panel(words.form.title, null, h('form.body.stack', { oninput: update, onsubmit: event => { event.preventDefault(); add.click(); } }, h('div.form', field(words.form.id, id), field(words.form.type, type), field(words.form.host, host), field(words.form.port, port)), h('div.actions', add), line)));
  update();
  await load();
  view.every(8, () => load().catch(() => {}));
}

async function groups(view) {
  const words = T.groups;
  view.title(words.title);
  const list = h('div.panel', bones(3)), trouble = h('div'), line = h('div'), members = h('div');
  const id = input('id', { required: true }), name = input('name'), selector = input('selector', { required: true, placeholder: 'region=north' });
  const request = () => ({ method: 'POST', path: '/groups', body: { id: id.value.trim() || 'north', ...(name.value.trim() && { name: name.value.trim() }), selector: selector.value.trim() || 'region=north' } });
  const update = () => fill(line, curlLine(request()));
  const add = action('button.main', { text: words.form.go }, async () => { await call(request()); await load(); }, trouble);
  const show = async group => {
    const target = path`/groups/${group}/members` + query({ limit: 200 });
    const answer = await get(target);
    const remove = { method: 'DELETE', path: path`/groups/${group}` };
    fill(members, panel(`${words.members}: ${group}`, null, h('div.body.stack', h('div.actions', answer.items.map(item => h('a', { href: `#/meter/${encodeURIComponent(item.meter)}` }, item.meter)), answer.next && '…'), confirmed(group, T.schedules.removeConfirm(group), 'button.danger', { text: T.remove }, async () => { const now = await get(path`/groups/${group}`); await send({ ...remove, headers: { 'If-Match': now.etag || '*' } }); fill(members); view.set({ show: null }); await load(); }, trouble)), h('footer', curlLine({ path: target }))));
  };
  const load = async () => {
    const { items } = await get('/groups?limit=1000');
    fill(list, items.length ? table(words.columns, items.map(group => h('tr', h('td', h('strong', group.name || group.id), group.name && [h('br'), h('small.soft', group.id)]), h('td.mono', group.selector || words.listed), h('td', h('div.actions', action('button.small', { text: words.see, 'aria-label': `${words.see}: ${group.id}` }, async () => { view.set({ show: group.id }); await show(group.id); }, trouble))))), words.title) : empty(words.empty, words.emptyHint));
  };
  fill(view.root, head(words.title, words.lead), trouble, list, members, curlLine({ path: '/groups' }), h('br'),
    panel(words.form.title, null, h('form.body.stack', { oninput: update, onsubmit: event => { event.preventDefault(); add.click(); } }, h('div.form', field(words.form.id, id), field(words.form.name, name), field(words.form.selector, selector, words.form.selectorHint)), h('div.actions', add), line)));
  update();
  await load();
  if (view.words.get('show')) await show(view.words.get('show')).catch(error => fill(members, problem(error)));
}
