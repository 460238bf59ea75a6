// SPDX-License-Identifier: Apache-2.0
import { T, say, curlLine, badge, searchBox, problem, bones, empty, listing, picker, table, meterLink, select, choice, action, confirmed, quantity, h, fill, path, query, uuid, call, get } from './parts.js';
import { valueEditor } from './values.js';

/// The objects of a meter on the left, the chosen one on the right.
export async function objects({ view, id, meter, body, at }) {
  const words = T.meter.objects;
  const code = view.rest[2], wantedClass = view.words.get('class');
  const names = Object.keys(meter.associations || {});
  const as = view.words.get('as') || '';
  const search = searchBox(view, words.filter, () => {
    clearTimeout(wait);
    wait = setTimeout(draw, 80);
  });
  const association = select('as', Object.fromEntries([...names.map(name => [name, name])]), as || (names.includes('reader') ? 'reader' : names[0]));
  association.setAttribute('aria-label', words.as);
  association.addEventListener('change', () => { view.set({ as: association.value }); view.show(); });
  const target = at('/objects') + query({ association: as });
  const tree = h('nav.tree', { 'aria-label': words.title }, bones(8));
  const detail = h('div');
  const count = h('small.soft');
  fill(body, h('div.columns.split',
    h('section.panel', { 'aria-label': words.title }, picker([words.title, ' ', count], code, names.length > 1 && h('label.small.body', words.as, ' ', association), h('div.body', search), tree), h('footer', curlLine(target))),
    detail));
  const { items } = await get(target);
  count.textContent = words.count(items.length);
  const draw = () => {
    const text = search.words;
    const groups = new Map();
    for (const object of items) {
      if (text && !`${object.name} ${object.obis}`.toLowerCase().includes(text)) continue;
      const name = words.group[object.class] || words.otherClass(object.class);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(object);
    }
    const suffix = object => items.filter(one => one.obis === object.obis).length > 1 ? { class: object.class } : {};
    const rank = name => [3, 4, 5, 7, 8, 70, 1].findIndex(number => words.group[number] === name) + 1 || 9;
    fill(tree, groups.size ? [...groups].sort((a, b) => rank(a[0]) - rank(b[0])).map(([name, list]) => h('section', { 'aria-label': name }, h('h3', name), h('ul', list.map(object => h('li', h('a', { href: meterLink(id, `objects/${object.obis}`) + query({ ...suffix(object), as, q: text }), 'aria-current': object.obis === code && (!wantedClass || String(object.class) === wantedClass) && 'true' }, object.name || object.obis, h('small', object.obis))))))) : empty(T.jobs.noExec, T.meters.emptyHint));
  };
  let wait = 0;
  draw();
  tree.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  const object = items.find(one => one.obis === code && (!wantedClass || String(one.class) === wantedClass));
  if (object) one({ view, id, at, as, object, detail });
  else if (code) fill(detail, problem({ status: 404, title: T.pageUnknown, detail: code }));
  else fill(detail, h('div.panel', empty(words.pick, words.pickHint)));
}

const rightsBadge = access => h('span.badge' + (access === 'none' ? '' : '.busy'), T.rights[access] || access.replaceAll('-', ' '));
const may = (access, verb) => verb === 'read' ? access.includes('read') : access.includes('write');

function one({ view, id, at, as, object, detail }) {
  const words = T.meter.objects;
  const base = at(`/objects/${object.obis}`);
  const form = view.words.get('form') || 'friendly';
  const byClass = { class: object.class };
  const trouble = h('div'), editor = h('div'), line = h('div');
  const cells = new Map();
  const show = (attribute, given) => {
    const cell = cells.get(attribute);
    if (!cell) return;
    if (given.problem) fill(cell, badge('bad', given.problem.title || T.job.failed));
    else fill(cell, form === 'friendly' ? quantity(given.value) : h('code.value', form === 'hex' ? given.value.hex : JSON.stringify(given.value)), h('br'), h('small.soft', given.type || ''));
  };
  const shape = form === 'friendly' ? {} : { form };
  const read = async attribute => {
    const request = { path: `${base}/attributes/${attribute}` + query({ ...byClass, ...shape, maxAge: 'PT0S', association: as }) };
    fill(line, curlLine(request));
    const answer = await call(request);
    show(attribute, answer);
    return answer;
  };
  const readAll = async () => {
    const request = { path: base + query({ attributes: 'all', ...byClass, ...shape, maxAge: 'PT0S', association: as }) };
    fill(line, curlLine(request));
    for (const cell of cells.values()) fill(cell, h('small.soft', '…'));
    const answer = await call(request);
    for (const cell of cells.values()) fill(cell);
    for (const attribute of answer.attributes) if (attribute.problem || 'value' in attribute) show(attribute.id, attribute);
    say(T.refreshed);
  };
  const rows = object.attributes.map(attribute => {
    const cell = h('td');
    cells.set(attribute.id, cell);
    return [h('td.soft', String(attribute.id)), h('td.mono', attribute.name), rightsBadge(attribute.access), cell, h('div.actions',
      action('button.small', { text: words.read, 'aria-label': `${words.read} ${attribute.name}`, ...(!may(attribute.access, 'read') && { title: T.rights.none }) }, () => read(attribute.id), trouble),
      attribute.id > 1 && (may(attribute.access, 'write') || !as) && h('button.small', { 'aria-label': `${words.write} ${attribute.name}`, onclick: () => write(attribute) }, words.write))];
  });
  const model = () => get(path`/catalog/classes/${object.class}` + query({ version: object.version })).catch(() => ({ attributes: [], methods: [] }));
  const room = (title, ...body) => fill(editor, h('section.panel', { 'aria-label': title }, h('header', h('h2', title), h('button.plain', { onclick: () => fill(editor) }, T.close)), h('div.body.stack', body)));
  const lined = (place, request) => () => { try { fill(place, curlLine(request())); } catch { fill(place); } };
  /// The form for a new value: first tried without writing, then written.
  const write = async attribute => {
    const title = `${words.write} ${attribute.name}`, target = `${base}/attributes/${attribute.id}` + query(byClass);
    room(title, bones(2));
    editor.scrollIntoView({ block: 'nearest' });
    const current = form => may(attribute.access, 'read') ? get(target + `&form=${form}`).then(answer => answer.value).catch(() => null) : null;
    const [known, now, friendly] = await Promise.all([model(), current('typed'), current('friendly')]);
    const result = h('div'), curl = h('div');
    const request = dryRun => ({ method: 'PUT', path: target, body: { value: value.value ?? null, ...(dryRun && { dryRun }) } });
    const changed = lined(curl, () => request(true));
    const value = valueEditor(words.value, known.attributes.find(one => one.id === attribute.id) || {}, { now, friendly, hint: words.valueHint, changed });
    const tell = (text, answer) => fill(result, h('p.note' + (answer.dryRun ? '' : '.ok'), text), listing(T.tools.result, answer));
    room(title, value.element, h('div.actions',
      action('button', { text: words.dry }, async () => tell(words.dryDone, await call(request(true))), result),
      action('button.main', { text: words.write }, async () => {
        tell(words.written, await call(request(false)));
        if (may(attribute.access, 'read')) await read(attribute.id);
      }, result)), result, curl);
    changed();
    value.focus();
  };
  const invoke = async method => {
    const result = h('div'), curl = h('div'), name = uuid();
    const known = (await model()).methods.find(one => one.id === method.id) || {};
    const request = () => ({ method: 'POST', path: `${base}/methods/${method.id}` + query(byClass), headers: { 'Idempotency-Key': name }, body: { parameter: value.value } });
    const changed = lined(curl, request);
    const value = valueEditor(words.parameter, known, { now: known.types?.[0] === 'integer' ? { type: 'integer', value: 0 } : null, hint: words.parameterHint, changed });
    room(`${words.invoke} ${method.name}`, value.element, confirmed(id, words.confirmInvoke(id), 'button.danger.main', { text: words.invoke }, async () => {
      const answer = await call(request());
      fill(result, h('p.note.ok', words.invoked), listing(T.tools.result, answer));
    }, result), result, curl);
    changed();
    value.focus();
  };
  fill(detail, trouble, h('section.panel', { 'aria-label': object.name || object.obis },
    h('header', h('div', h('h2', object.name || object.obis), h('p.soft', h('span.mono', object.obis), ' · ', words.class(object.class, object.version), object.shortName !== null && object.shortName !== undefined ? ` · SN ${object.shortName}` : '')),
      h('div.actions', choice({ friendly: words.friendly, typed: words.typed, hex: words.hex }, form, words.form, value => { view.set({ form: value === 'friendly' ? null : value }); one({ view, id, at, as, object, detail }); }), action('button.main', { text: words.readAll, icon: 'again' }, readAll, trouble))),
    table(words.columns, rows, words.title), h('footer', line)),
  editor,
  object.methods.length > 0 && h('section.panel', { 'aria-label': words.method }, h('header', h('h2', words.method)), object.class === 70 ? h('div.body', h('p', words.disconnector, ' ', h('a', { href: meterLink(id, 'disconnector') }, words.toDisconnector)))
    : table(['', words.method, words.columns[2], ''], object.methods.map(method => [h('td.soft', String(method.id)), h('td.mono', method.name), rightsBadge(method.access), h('div.actions', h('button.small', { 'aria-label': `${words.invoke} ${method.name}`, onclick: () => invoke(method) }, words.invoke))]), words.method)));
  fill(line, curlLine({ path: base + query({ attributes: 'all', ...byClass, ...shape }) }));
  readAll().catch(error => { for (const cell of cells.values()) fill(cell); fill(trouble, problem(error)); });
}
