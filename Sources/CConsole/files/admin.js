// SPDX-License-Identifier: Apache-2.0
import { h, fill } from './dom.js';
import { get, call, send, path, query } from './api.js';
import { T } from './texts.js';
import { head, panel, problem, empty, bones, field, input, select, curlLine, action, confirmed, table, time, badge } from './parts.js';

const words = T.admin;
const parts = { audit, keys, hold, nodes };

export async function page(view) {
  if (view.name === 'webhooks') return webhooks(view);
  const part = Object.hasOwn(parts, view.rest[0] || '') ? view.rest[0] : 'audit';
  view.title(`${words.title} · ${words.tabs[part]}`);
  const body = h('div', bones(5));
  fill(view.root, head(words.title), h('nav.tabs', { 'aria-label': words.tabsLabel }, Object.entries(words.tabs).map(([key, text]) => h('a', { href: `#/admin/${key}`, 'aria-current': key === part && 'page' }, text))), body);
  try { await parts[part](view, body); } catch (error) {
    if (!view.signal.aborted) fill(body, problem(error, () => view.show()));
  }
}

async function audit(view, body) {
  const texts = words.audit;
  const meter = input('meter', { value: view.words.get('meter') || '' }), name = input('action', { value: view.words.get('action') || '' });
  const list = h('div.panel'), line = h('div');
  let items = [];
  const load = async next => {
    const target = next || '/audit' + query({ meter: meter.value.trim(), action: name.value.trim(), limit: 60 });
    if (!next) { items = []; fill(line, curlLine({ path: target })); }
    const answer = await get(target.slice(target.indexOf('/audit')), view.signal);
    items.push(...answer.items);
    fill(list, items.length ? [table(texts.columns, items.map(one => h('tr', h('td.soft', String(one.ordinal)), h('td', time(one.at)), h('td', one.caller, h('br'), h('small.soft', one.clientAddress)), h('td', one.action, h('br'), h('small.soft', one.stage)), h('td', one.meter ? h('a', { href: `#/meter/${encodeURIComponent(one.meter)}` }, one.meter) : one.job ? h('a', { href: `#/job/${one.job}` }, T.jobs.columns[0]) : T.none), h('td', one.outcome ? badge(/^(2|succeeded|sent)/.test(one.outcome) ? 'ok' : 'warn', one.outcome) : ''))), words.tabs.audit), answer.next && h('footer', h('button.plain', { onclick: () => load(answer.next) }, T.more))] : empty(texts.empty, texts.emptyHint));
  };
  const change = event => { event.preventDefault(); view.set({ meter: meter.value.trim(), action: name.value.trim() }); load().catch(error => fill(list, problem(error))); };
  fill(body, h('form.bar', { onsubmit: change, onchange: change }, field(texts.meter, meter), field(texts.action, name), h('button', { type: 'submit' }, T.apply)), list, h('p.soft.small', texts.chain), line);
  await load();
}

async function keys(view, body) {
  const texts = words.keys;
  const trouble = h('div'), made = h('div'), line = h('div');
  const name = input('name', { required: true }), labels = input('labels', { placeholder: 'region=north' }), role = select('role', Object.fromEntries(['viewer', 'operator', 'switcher', 'integrator', 'admin'].map(one => [one, one])));
  const request = () => ({ method: 'POST', path: '/api-keys', body: { name: name.value.trim() || 'dashboard', roles: [role.value], ...(labels.value.trim() && { labels: labels.value.trim() }) } });
  const update = () => fill(line, curlLine(request()));
  const make = action('button.main', { text: texts.go }, async () => {
    const key = await call(request());
    await draw();
    fill(made, panel(texts.title, null, h('div.body.stack', h('p.note.warn', texts.once), h('pre.code', { tabindex: '0', role: 'group', 'aria-label': texts.columns[0] }, key.key))));
  }, trouble);
  const list = h('div.panel');
  const revoking = h('div');
  const draw = async () => {
    const { items } = await get('/api-keys');
    fill(list, items.length ? table(texts.columns, items.map(one => h('tr', h('td.mono', one.id), h('td', one.name || T.none), h('td.small', (one.roles.length ? one.roles : one.scopes).join(', '), one.labels && h('div.soft', one.labels)), h('td', time(one.expiresAt)), h('td', time(one.lastUsedAt, { relative: true })),
      h('td', one.revokedAt ? badge('idle', texts.revoked) : h('div.actions', h('button.small.danger', { 'aria-label': `${texts.revoke} ${one.id}`, onclick: () => fill(revoking, panel(`${texts.revoke} ${one.id}`, null, h('div.body', confirmed(one.id, texts.typeRevoke(one.id), 'button.danger.main', { text: texts.revoke }, async () => { await send({ method: 'DELETE', path: path`/api-keys/${one.id}` }); fill(revoking); await draw(); }, trouble)))) }, texts.revoke))))), words.tabs.keys) : empty(texts.empty, texts.emptyHint));
  };
  fill(body, trouble, made, list, revoking, panel(texts.title, null, h('form.body.stack', { oninput: update, onsubmit: event => { event.preventDefault(); make.click(); } }, h('div.form', field(texts.name, name), field(texts.role, role), field(texts.label, labels)), h('div.actions', make), line)), curlLine({ path: '/api-keys' }));
  update();
  await draw();
}

async function hold(view, body) {
  const texts = words.hold, target = '/system/orders-hold', trouble = h('div');
  const draw = async () => {
    const now = await get(target);
    const reason = input('reason', { placeholder: 'storm' });
    const taken = { method: 'POST', path: target, body: { reason: 'storm' } }, freed = { method: 'DELETE', path: target };
    const done = async () => { dispatchEvent(new Event('changed')); await draw(); };
    fill(body, trouble, panel(texts.title, [badge(now.held ? 'bad' : 'ok', now.held ? texts.held : texts.free)], h('div.body.stack', h('p', texts.lead),
      now.held ? [h('p', now.reason, ' · ', now.by, ' · ', time(now.since)), confirmed('RELEASE', texts.typeRelease, 'button.main', { text: texts.release }, async () => { await call(freed); await done(); }, trouble), curlLine(freed)]
        : [field(texts.reason, reason), confirmed('HOLD', texts.type, 'button.danger.main', { text: texts.go }, async () => { await call({ ...taken, body: reason.value.trim() ? { reason: reason.value.trim() } : {} }); await done(); }, trouble), curlLine(taken)])));
  };
  await draw();
}

async function nodes(view, body) {
  const { items } = await get('/nodes');
  fill(body, h('div.panel', table(words.nodes.columns, items.map(node => h('tr', h('td', node.name, node.self && h('span.soft', ' ·')), h('td', badge(node.state === 'live' ? 'ok' : 'warn', node.state)), h('td', String(node.meters ?? T.none)), h('td', node.version), h('td', time(node.startedAt)))), words.tabs.nodes)), curlLine({ path: '/nodes' }));
}

async function webhooks(view) {
  const texts = T.webhooks;
  view.title(texts.title);
  const body = h('div', bones(4)), trouble = h('div'), made = h('div'), detail = h('div'), line = h('div');
  fill(view.root, head(texts.title, texts.lead), trouble, made, body, detail);
  const deliveries = async id => {
    const target = path`/webhooks/${id}/deliveries`;
    const { items } = await get(target);
    fill(detail, panel(`${texts.deliveries}: ${id}`, null, items.length ? table(texts.attempt, items.map(one => h('tr', h('td', one.type, h('br'), h('small.soft.mono', one.id)), h('td', badge(one.state === 'delivered' ? 'ok' : one.state === 'failed' ? 'bad' : 'wait', one.state), h('p.small', one.attempts.map(attempt => attempt.status || attempt.reason).join(', '))), h('td', time(one.createdAt)), h('td', h('div.actions', action('button.small', { text: texts.redeliver }, async () => { await call({ method: 'POST', path: `${target}/${encodeURIComponent(one.id)}/redeliver` }); await deliveries(id); }, trouble))))), texts.deliveries) : empty(texts.empty, texts.emptyHint), h('footer', curlLine({ path: target }))));
  };
  const draw = async () => {
    const { items } = await get('/webhooks?limit=1000');
    const id = input('id', { required: true }), url = input('url', { type: 'url', required: true }), types = input('types');
    const request = () => ({ method: 'POST', path: '/webhooks', body: { id: id.value.trim() || 'billing', url: url.value.trim() || 'https:' + '//receiver.example/hook', ...(types.value.trim() && { types: types.value.split(/[\s,]+/).filter(Boolean) }) } });
    const update = () => fill(line, curlLine(request()));
    const go = action('button.main', { text: texts.form.go }, async () => { const hook = await call(request()); if (hook.secret) fill(made, panel(texts.form.secret, null, h('div.body', h('pre.code', { tabindex: '0' }, hook.secret)))); await draw(); }, trouble);
    fill(body, h('div.panel', items.length ? table(texts.columns, items.map(one => h('tr', h('td', one.name || one.id, h('br'), h('small.soft', one.url)), h('td.small', one.types.join(', ') || T.all), h('td', badge(one.enabled ? 'ok' : 'warn', one.enabled ? texts.on : texts.off), one.disabledReason && h('p.small', one.disabledReason)), h('td', h('div.actions', action('button.small', { text: texts.test, 'aria-label': `${texts.test} ${one.id}` }, async () => { await call({ method: 'POST', path: path`/webhooks/${one.id}/test` }); await deliveries(one.id); }, trouble), action('button.small', { text: texts.deliveries, 'aria-label': `${texts.deliveries} ${one.id}` }, () => deliveries(one.id), trouble))))), texts.title) : empty(texts.empty, texts.emptyHint)), curlLine({ path: '/webhooks' }), h('br'),
      panel(texts.form.title, null, h('form.body.stack', { oninput: update, onsubmit: event => { event.preventDefault(); go.click(); } }, h('div.form', field(T.id, id), field(texts.form.url, url), field(texts.form.events, types, texts.form.eventsHint)), h('div.actions', go), line)));
    update();
  };
  await draw();
}
