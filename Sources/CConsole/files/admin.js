// SPDX-License-Identifier: Apache-2.0
import { T, said, curlLine, badge, under, more, searchBox, askRemoval, problem, bones, empty, panel, head, table, meterLink, field, input, select, action, confirmed, time, sender, h, fill, icon, path, query, send, call, get } from './parts.js';
import { change } from './change.js';

const words = T.admin;
const parts = { audit, keys, hold, nodes, settings };

export async function page(view) {
  if (view.name === 'webhooks') return webhooks(view);
  const part = Object.hasOwn(parts, view.rest[0] || '') ? view.rest[0] : 'audit';
  view.title(`${words.title} · ${words.tabs[part]}`);
  const body = h('div', bones(5));
  const tabs = Object.entries(words.tabs).map(([key, text]) => h('a', { href: `#/admin/${key}`, 'aria-current': key === part && 'page' }, text));
  fill(view.root, head(words.title), h('nav.tabs', { 'aria-label': words.tabsLabel }, tabs), body);
  view.root.querySelector('.tabs [aria-current]').scrollIntoView({ block: 'nearest', inline: 'center' });
  try {
    await parts[part](view, body);
  } catch (error) {
    if (!view.signal.aborted) fill(body, problem(error, () => view.show()));
  }
}

/// What is shown this one time.
const secret = (title, hint, text) => panel(title, null, h('div.body.stack', hint && h('p.note.warn', hint), h('pre.code', { tabindex: '0', role: 'group', 'aria-label': title }, text)));

async function audit(view, body) {
  const texts = words.audit;
  const meter = input('meter', { value: view.words.get('meter') || '' }), name = input('action', { value: view.words.get('action') || '' });
  const list = h('div.panel'), line = h('div'), chain = h('div', { role: 'status' });
  let items = [];
  const about = one => one.meter ? h('a', { href: meterLink(one.meter) }, one.meter) : one.job ? h('a', { href: `#/job/${one.job}` }, T.jobs.columns[0]) : T.none;
  const load = async next => {
    const target = next || '/audit' + query({ meter: said(meter), action: said(name), limit: 60 });
    if (!next) {
      items = [];
      fill(line, curlLine(target));
    }
    const answer = await get(target.slice(target.indexOf('/audit')), view.signal);
    items.push(...answer.items);
    fill(list, items.length ? [
      table(texts.columns.map((text, place) => ({ text, wide: place === 0 || place === 2 })), items.map(one => [
        h('td.soft.wide', String(one.ordinal)), time(one.at), under(one.caller, one.clientAddress), under(one.action, one.stage),
        about(one), one.outcome ? badge(/^(2|succeeded|sent)/.test(one.outcome) ? 'ok' : 'warn', one.outcome) : '',
      ]), words.tabs.audit),
      answer.next && more(() => load(answer.next)),
    ] : empty(texts.empty, texts.emptyHint));
  };
  const change = event => {
    event.preventDefault();
    view.set({ meter: said(meter), action: said(name) });
    load().catch(error => fill(list, problem(error)));
  };
  fill(body, h('form.bar', { onsubmit: change, onchange: change }, field(texts.meter, meter), field(texts.action, name), h('button', { type: 'submit' }, T.apply)), chain, list, h('p.soft.small', texts.chain), line, curlLine('/audit/chain'));
  await Promise.all([load(), checkChain(chain, view.signal)]);
}

/// Has the chain of records checked, and says how far it is sound: its first part by itself, the rest, which takes a while, when asked.
async function checkChain(place, signal, target = '/audit/chain', isAsked = false) {
  const texts = words.audit;
  try {
    while (target) {
      const { checked, fault, next } = await get(target, signal);
      target = next && next.slice(next.indexOf('/audit/chain'));
      const count = checked.toLocaleString('en'), rest = target;
      fill(place, fault ? h('p.note.warn', icon('warn'), ' ', h('strong', texts.broken(fault.ordinal)), ' ', fault.reason, '. ', texts.soundTo(count))
        : h('p.note' + (target ? '' : '.ok'), icon(target ? 'busy' : 'ok'), ' ', target ? texts.checking(count) : texts.sound(count), ' ',
          target && !isAsked && h('button.small', { onclick: () => checkChain(place, signal, rest, true) }, texts.rest)));
      if (!isAsked) return;
    }
  } catch (error) {
    fill(place, problem(error));
  }
}

async function keys(view, body) {
  const texts = words.keys;
  const trouble = h('div'), made = h('div'), list = h('div.panel'), revoking = h('div');
  const name = input('name', { required: true }), labels = input('labels', { placeholder: 'region=north' });
  const role = select('role', Object.fromEntries(['viewer', 'operator', 'switcher', 'integrator', 'admin'].map(one => [one, one])));
  const request = () => ({ method: 'POST', path: '/api-keys', body: { name: said(name) || 'dashboard', roles: [role.value], ...(said(labels) && { labels: said(labels) }) } });
  const revoke = one => fill(revoking, panel(`${texts.revoke} ${one.id}`, null, h('div.body', confirmed(one.id, texts.typeRevoke(one.id), 'button.danger.main', { text: texts.revoke }, async () => {
    await send({ method: 'DELETE', path: path`/api-keys/${one.id}` });
    fill(revoking);
    await draw();
  }, trouble))));
  const draw = async () => {
    const { items } = await get('/api-keys');
    fill(list, items.length ? table(texts.columns, items.map(one => [
      h('td.mono', one.id), one.name || T.none, h('td.small', (one.roles.length ? one.roles : one.scopes).join(', '), one.labels && h('div.soft', one.labels)), time(one.expiresAt), time(one.lastUsedAt, { relative: true }),
      one.revokedAt ? badge('idle', texts.revoked) : h('div.actions', h('button.small.danger', { 'aria-label': `${texts.revoke} ${one.id}`, onclick: () => revoke(one) }, texts.revoke)),
    ]), words.tabs.keys) : empty(texts.empty, texts.emptyHint));
  };
  const done = async key => {
    await draw();
    fill(made, secret(texts.columns[0], texts.once, key.key));
  };
  fill(body, trouble, made, list, revoking,
    panel(texts.title, null, h('div.body', sender(h('div.form', field(T.name_, name), field(texts.role, role), field(texts.label, labels)), texts.go, request, done))), curlLine('/api-keys'));
  await draw();
}

async function hold(view, body) {
  const texts = words.hold, target = '/system/orders-hold', trouble = h('div');
  const draw = async () => {
    const now = await get(target);
    const reason = input('reason', { placeholder: 'storm' });
    const taken = { method: 'POST', path: target, body: { reason: 'storm' } }, freed = { method: 'DELETE', path: target };
    const done = async () => {
      dispatchEvent(new Event('changed'));
      await draw();
    };
    const release = () => [h('p', now.reason, ' · ', now.by, ' · ', time(now.since)),
      confirmed('RELEASE', texts.typeRelease, 'button.main', { text: texts.release }, async () => { await call(freed); await done(); }, trouble), curlLine(freed)];
    const take = () => [field(texts.reason, reason),
      confirmed('HOLD', texts.type, 'button.danger.main', { text: texts.title }, async () => { await call({ ...taken, body: said(reason) ? { reason: said(reason) } : {} }); await done(); }, trouble), curlLine(taken)];
    fill(body, trouble, panel(texts.title, [badge(now.held ? 'bad' : 'ok', now.held ? texts.held : texts.free)], h('div.body.stack', h('p', texts.lead), now.held ? release() : take())));
  };
  await draw();
}

async function nodes(view, body) {
  const { items } = await get('/nodes');
  fill(body, h('div.panel', table(words.nodes.columns, items.map(node => [
    [node.name, node.self && h('span.soft', ' ·')], badge(node.state === 'live' ? 'ok' : 'warn', node.state), String(node.meters ?? T.none), node.version, time(node.startedAt),
  ]), words.tabs.nodes)), curlLine('/nodes'));
}

/// The settings in force, and where each comes from; those that somebody set stand first.
async function settings(view, body) {
  const texts = words.settings;
  const { file, items } = await get('/system/config');
  const search = searchBox(view, texts.filter, () => draw());
  const list = h('div');
  const worded = value => value === null || value === '' ? h('span.soft', T.none) : h('code', [value].flat().join(', '));
  const draw = () => {
    const text = search.words;
    const found = items.filter(one => `${one.name} ${one.value} ${one.origin}`.toLowerCase().includes(text)).sort((a, b) => (a.origin === 'default') - (b.origin === 'default'));
    fill(list, found.length ? table(texts.columns, found.map(one => [
      h('td.mono', one.name), [worded(one.value), one.waitsForRestart && [' ', badge('warn', texts.restart)]], [h('span.badge' + (one.origin === 'default' ? '' : '.busy'), texts.origins[one.origin]), one.place && [h('br'), h('code.soft', one.place)]],
    ]), words.tabs.settings) : empty(texts.none));
  };
  fill(body, h('section.panel', { 'aria-label': words.tabs.settings }, h('header', h('p.soft', file ? texts.file(file) : texts.noFile), search), list, h('footer', curlLine('/system/config'))));
  draw();
}

async function webhooks(view) {
  const texts = T.webhooks;
  view.title(texts.title);
  const body = h('div', bones(4)), trouble = h('div'), made = h('div'), detail = h('div');
  fill(view.root, head(texts.title, texts.lead), trouble, made, body, detail);
  const kinds = { delivered: 'ok', failed: 'bad' };
  const deliveries = async id => {
    const target = path`/webhooks/${id}/deliveries`;
    const { items } = await get(target);
    const again = one => action('button.small', { text: texts.redeliver }, async () => {
      await call({ method: 'POST', path: `${target}/${encodeURIComponent(one.id)}/redeliver` });
      await deliveries(id);
    }, trouble);
    fill(detail, panel(`${texts.deliveries}: ${id}`, null, items.length ? table(texts.attempt, items.map(one => [
      under(one.type, one.id), [badge(kinds[one.state] || 'wait', one.state), h('p.small', one.attempts.map(attempt => attempt.status || attempt.reason).join(', '))],
      time(one.createdAt), h('div.actions', again(one)),
    ]), texts.deliveries) : empty(texts.none, texts.noneHint), h('footer', curlLine(target))));
  };
  const draw = async () => {
    const { items } = await get('/webhooks?limit=1000');
    const id = input('id', { required: true }), url = input('url', { type: 'url', required: true }), types = input('types');
    const request = () => ({
      method: 'POST', path: '/webhooks',
      body: { id: said(id) || 'billing', url: said(url) || 'https:' + '//receiver.example/hook', ...(said(types) && { types: types.value.split(/[\s,]+/).filter(Boolean) }) },
    });
    const done = async hook => {
      if (hook.secret) fill(made, secret(texts.form.secret, null, hook.secret));
      await draw();
    };
    const named = (text, one, work) => action('button.small', { text, 'aria-label': `${text} ${one.id}` }, work, trouble);
    const rows = items.map(one => [
      under(one.name || one.id, one.url), h('td.small', one.types.join(', ') || T.all),
      [badge(one.enabled ? 'ok' : 'warn', one.enabled ? texts.on : texts.off), one.disabledReason && h('p.small', one.disabledReason)],
      h('div.actions',
        named(texts.test, one, async () => { await call({ method: 'POST', path: path`/webhooks/${one.id}/test` }); await deliveries(one.id); }),
        named(texts.deliveries, one, () => deliveries(one.id)),
        named(T.change, one, () => change(one.id, path`/webhooks/${one.id}`, { place: detail, done: draw })),
        h('button.small.danger', { 'aria-label': `${T.remove} ${one.id}`, onclick: () => askRemoval(one.id, path`/webhooks/${one.id}`, draw, { place: detail, trouble }) }, T.remove)),
    ]);
    fill(body, h('div.panel', rows.length ? table(texts.columns, rows, texts.title) : empty(texts.empty, texts.emptyHint)), h('div.panel.bare', curlLine('/webhooks')),
      panel(texts.form.title, null, h('div.body', sender(h('div.form', field(T.id, id), field(texts.form.url, url), field(texts.form.events, types, texts.form.eventsHint)), texts.form.go, request, done))));
  };
  await draw();
}
