// SPDX-License-Identifier: Apache-2.0
import { T, said, allowed, curlLine, badge, under, removal, askRemoval, problem, bones, empty, panel, head, table, meterLink, field, input, select, action, sender, h, fill, path, query, call, get } from './parts.js';
import { way } from './meters.js';
import { change } from './change.js';

export const page = view => view.name === 'groups' ? groups(view) : channels(view);

/// The state of a shared path, as a badge.
function state({ status = {} }) {
  if (status.heldUntil || status.state === 'held') return badge('warn', T.link.held);
  if (status.breaker?.state && status.breaker.state !== 'closed') return badge('bad', T.link['breaker-open']);
  return badge(status.state === 'idle' ? 'idle' : 'busy', T.link[status.state] || status.state || T.none);
}

/// Paths that meters share, with what holds them up.
async function channels(view) {
  const words = T.channels;
  view.title(words.title);
  const list = h('div.panel', bones(4)), trouble = h('div'), going = h('div');
  const id = input('id', { required: true }), type = select('type', { tcp: 'TCP', udp: 'UDP' }), host = input('host', { required: true }), port = input('port', { type: 'number', value: '4059' });
  const request = () => ({
    method: 'PUT', path: path`/channels/${said(id) || 'line-1'}`, headers: { 'If-None-Match': '*' },
    body: { type: type.value, host: said(host) || '192.0.2.10', port: Number(port.value) },
  });
  const load = async () => {
    const { items } = await get('/channels?limit=1000');
    if (list.contains(document.activeElement) && document.activeElement.tagName === 'BUTTON') return;
    const verb = (one, name, body) => action('button.small', { text: words[name], 'aria-label': `${words[name]} ${one.id}` }, async button => {
      await call({ method: 'POST', path: path`/channels/${one.id}/` + name, body });
      button.blur();
      await load();
    }, trouble);
    fill(list, items.length ? table(words.columns.map((text, place) => ({ text, wide: place === 3 || place === 4 })), items.map(one => [
      one.group ? under(one.id, one.group) : one.id, h('td.mono', way(one)), state(one), String(one.status?.queue?.length ?? T.none), String(one.status?.counters?.exchanges ?? T.none),
      allowed('meters:write') && h('div.actions', verb(one, 'hold', {}), verb(one, 'drain'), verb(one, 'resume'),
        action('button.small', { text: T.change, 'aria-label': `${T.change} ${one.id}` }, () => change(one.id, path`/channels/${one.id}`, { place: going, more: { group: '' }, done: load }), trouble),
        h('button.small.danger', { 'aria-label': `${T.remove} ${one.id}`, onclick: () => askRemoval(one.id, path`/channels/${one.id}`, load, { place: going, trouble }) }, T.remove)),
    ]), words.title) : empty(words.empty, words.emptyHint));
  };
  fill(view.root, head(words.title, words.lead), trouble, list, going, h('div.panel.bare', curlLine('/channels')),
    allowed('meters:write') && panel(words.form.title, null, h('div.body', sender(h('div.form', field(T.id, id), field(words.form.type, type), field(words.form.host, host), field(words.form.port, port)), words.form.go, request, load))));
  await load();
  view.every(8, () => load().catch(() => {}));
}

async function groups(view) {
  const words = T.groups;
  view.title(words.title);
  const list = h('div.panel', bones(3)), trouble = h('div'), members = h('div');
  const id = input('id', { required: true }), name = input('name'), selector = input('selector', { placeholder: 'region=north', value: view.words.get('selector') || '' }), meters = input('meters');
  const listed = control => said(control) ? said(control).split(/[\s,]+/) : undefined;
  const request = () => ({
    method: 'POST', path: '/groups',
    body: { id: said(id) || 'north', ...(said(name) && { name: said(name) }), ...(listed(meters) ? { meters: listed(meters) } : { selector: said(selector) || 'region=north' }) },
  });
  const show = async group => {
    const base = path`/groups/${group}`, target = base + '/members' + query({ limit: 200 });
    const [answer, now] = await Promise.all([get(target), get(base)]);
    const gone = async () => {
      fill(members);
      view.set({ show: null });
      await load();
    };
    const add = input('add'), remove = input('remove');
    const moved = () => ({ method: 'POST', path: base + '/members', body: { add: listed(add), remove: listed(remove) } });
    fill(members, panel(`${words.members}: ${group}`, null,
      h('div.body.stack', h('p.chips', answer.items.length ? answer.items.map(item => h('a', { href: meterLink(item.meter) }, item.meter)) : words.nobody, answer.next && '…'),
        allowed('meters:write') && [!now.selector && sender(h('div.form', field(words.add, add, T.listHint), field(words.out, remove, T.listHint)), words.move, moved, () => show(group)), removal(group, base, gone, trouble)]),
      h('footer', curlLine(target))));
  };
  const load = async () => {
    const { items } = await get('/groups?limit=1000');
    fill(list, items.length ? table(words.columns, items.map(group => [
      group.name ? under(h('strong', group.name), group.id) : h('strong', group.id), h('td.mono', group.selector || words.listed),
      h('div.actions', action('button.small', { text: words.see, 'aria-label': `${words.see}: ${group.id}` }, async () => { view.set({ show: group.id }); await show(group.id); }, trouble),
        allowed('meters:write') && action('button.small', { text: T.change, 'aria-label': `${T.change} ${group.id}` }, () => change(group.id, path`/groups/${group.id}`, { place: members, done: load }), trouble)),
    ]), words.title) : empty(words.empty, words.emptyHint));
  };
  fill(view.root, head(words.title, words.lead), trouble, list, members, h('div.panel.bare', curlLine('/groups')),
    allowed('meters:write') && panel(words.form.title, null, h('div.body', sender(h('div.form', field(T.id, id), field(T.name_, name), field(words.form.by, selector, T.jobs.form.selectorHint), field(words.form.meters, meters, T.listHint)), words.form.go, request, load))));
  await load();
  if (view.words.get('show')) await show(view.words.get('show')).catch(error => fill(members, problem(error)));
}
