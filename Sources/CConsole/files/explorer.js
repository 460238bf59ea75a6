// SPDX-License-Identifier: Apache-2.0
import { T, curlLine, badge, searchBox, problem, bones, empty, listing, panel, picker, table, field, input, select, choice, action, confirmed, h, fill, icon, address, query, uuid, send, get } from './parts.js';

const words = T.api;
const methods = ['get', 'put', 'post', 'patch', 'delete'];
let contract = null;

/// What a reference of the contract stands for.
function resolved(part) {
  while (part?.$ref) part = part.$ref.slice(2).split('/').reduce((at, name) => at?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], contract);
  return part || {};
}

/// A schema with what `allOf` adds to it.
function whole(schema) {
  const one = resolved(schema);
  return (one.allOf || []).map(whole).reduce((sum, part) => ({ ...sum, ...part, properties: { ...sum.properties, ...part.properties }, required: [...(sum.required || []), ...(part.required || [])] }), one);
}

/// Every operation, with the parameters of its path.
function operations() {
  return Object.entries(contract.paths).flatMap(([path, item]) => methods.filter(method => item[method]).map(method => {
    const one = item[method];
    const scopes = (one.security || contract.security).flatMap(terms => terms.bearer || []);
    return { ...one, path, method: method.toUpperCase(), tag: one.tags[0], parameters: [...(item.parameters || []), ...(one.parameters || [])].map(resolved), scopes, isOpen: one.security?.length === 0 };
  }));
}

/// Whether an operation only looks, at the gateway or at a meter.
const isHarmless = one => one.method === 'GET' || one.scopes.every(scope => /:(read|live)$/.test(scope));

/// The words of a description: paragraphs, lists, tables, and `code`.
function prose(text = '') {
  const inline = line => line.split('`').map((part, place) => place % 2 ? h('code', part) : part.replaceAll('**', ''));
  const cells = line => line.split('|').slice(1, -1).map(cell => inline(cell.trim()));
  return text.trim().split(/\n\s*\n/).map(block => {
    const lines = block.split('\n');
    if (lines[0].startsWith('|')) return table(cells(lines[0]).map(cell => ({ text: cell })), lines.slice(2).map(cells), words.meaning);
    if (lines[0].startsWith('- ')) return h('ul.list', block.split(/^- /m).filter(Boolean).map(item => h('li', inline(item))));
    return h('p', inline(block));
  });
}

const kindOf = schema => [schema.type].flat().find(type => type && type !== 'null');

/// A control for a value of a schema: `{element, value}`, where `value` is undefined if nothing is given.
function control(name, schema, { required, example, asText } = {}) {
  const type = kindOf(schema), values = schema.enum || (schema.const !== undefined && [schema.const]) || (type === 'boolean' && ['true', 'false']);
  const isPlain = values || ['string', 'integer', 'number'].includes(type) || (asText && type);
  const text = typeof example === 'string' ? example : example === undefined ? '' : JSON.stringify(example);
  let element;
  if (values) element = select(name, Object.fromEntries([...(required ? [] : ['']), ...values.filter(one => one !== null)].map(one => [one, one])), required ? example : undefined);
  else if (isPlain) element = input(name, { required, placeholder: text, ...(/integer|number/.test(type) && { type: 'number', step: 'any', min: schema.minimum, max: schema.maximum }) });
  else element = h('textarea.low', { name, required, placeholder: text });
  return {
    element, type: values ? null : isPlain ? type : 'JSON',
    get value() {
      const given = element.value.trim();
      if (!given) return undefined;
      if (asText || type === 'string' || (values && type !== 'boolean' && type !== 'integer')) return given;
      try {
        return JSON.parse(given);
      } catch {
        if (isPlain || !type) return given;
        throw new Error(words.noJSON(name));
      }
    },
  };
}

/// The first paragraph of a description, as a hint under a control.
const hint = (text, type) => [type, (text || '').split('\n\n')[0].replaceAll('`', '')].filter(Boolean).join(' · ');
const labelled = (name, required) => required ? `${name} *` : name;

/// The body of a request: a form made from its schema, or its text.
function bodyEditor(one, changed) {
  const content = Object.entries(resolved(one.requestBody).content || {});
  if (!content.length) return null;
  const box = h('div.stack');
  const type = select('type', Object.fromEntries(content.map(([name]) => [name, name])));
  const text = h('textarea', { name: 'body' });
  let fields = null;
  const draw = isForm => {
    const media = content.find(([name]) => name === type.value)[1], schema = whole(media.schema);
    const example = media.example ?? Object.values(media.examples || {})[0]?.value;
    const canForm = type.value.endsWith('json') && schema.properties && !schema.oneOf && !schema.anyOf;
    const asForm = canForm && isForm;
    fields = asForm ? Object.entries(schema.properties).map(([name, given]) => {
      const part = whole(given), required = schema.required?.includes(name);
      return { name, required, part, control: control(name, part, { required, example: example?.[name] ?? part.example ?? part.examples?.[0] }) };
    }) : null;
    text.value = typeof example === 'string' ? example : example === undefined ? '' : JSON.stringify(example, null, 2);
    fill(box,
      content.length > 1 && field(words.type, type),
      canForm && choice({ form: words.form, text: 'JSON' }, asForm ? 'form' : 'text', words.body, value => { draw(value === 'form'); changed(); }),
      asForm ? h('div.form', fields.map(one => field(labelled(one.name, one.required), one.control.element, hint(one.part.description, one.control.type)))) : field(words.body, text),
      h('details', h('summary', words.schema), listing(words.schema, schema)));
  };
  type.addEventListener('change', () => draw(true));
  draw(true);
  return {
    element: box,
    get request() {
      const headers = { 'Content-Type': type.value };
      if (!fields) return { headers, body: text.value };
      return { headers, body: Object.fromEntries(fields.map(one => [one.name, one.control.value]).filter(([, value]) => value !== undefined)) };
    },
  };
}

/// One operation: what it means, what it takes, its curl line, and trying it.
function detail(view, one) {
  const line = h('div'), answer = h('div.stack', { role: 'status' });
  const update = () => { try { fill(line, curlLine(request())); } catch (error) { fill(line, h('p.bad-ink', error.message)); } };
  const given = one.parameters.map(part => {
    const made = control(part.name, whole(part.schema), { required: part.required, example: part.example, asText: true });
    made.element.value = view.words.get(part.name) ?? (part.name === 'Idempotency-Key' ? uuid() : made.element.value);
    if (part.in !== 'header') made.element.addEventListener('change', () => view.set({ [part.name]: made.element.value.trim() }));
    return { ...part, made };
  });
  const produced = Object.entries(one.responses).filter(([status]) => status.startsWith('2')).flatMap(([, part]) => Object.keys(resolved(part).content || {}));
  const accept = produced.length > 1 && select('accept', Object.fromEntries(produced.map(name => [name, name])));
  const body = bodyEditor(one, () => update());
  const request = () => {
    const of = place => given.filter(part => part.in === place).map(part => [part.name, part.made.value]).filter(([, value]) => value !== undefined);
    const parts = Object.fromEntries(of('path'));
    const path = one.path.replaceAll(/\{(\w+)\}/g, (whole, name) => parts[name] === undefined ? whole : encodeURIComponent(parts[name]));
    const { headers, body: text } = body?.request || {};
    return { method: one.method, path: path + query(Object.fromEntries(of('query'))), headers: { ...Object.fromEntries(of('header')), ...(accept && { Accept: accept.value }), ...headers }, ...(text !== undefined && { body: text }) };
  };
  const run = async () => {
    const missing = given.filter(part => part.required && part.made.value === undefined);
    if (missing.length) {
      missing[0].made.element.focus();
      throw new Error(words.missing(missing.map(part => part.name).join(', ')));
    }
    await show(view, request(), answer);
  };
  const trial = isHarmless(one) ? h('div.actions', action('button.main', { text: words.go }, run, answer))
    : [h('p.note.warn', words.danger), confirmed(one.operationId, words.confirm(one.operationId), 'button.danger.main', { text: words.go }, run, answer)];
  const form = h('form.body.stack', { oninput: update, onchange: update, onsubmit: event => event.preventDefault() },
    given.length > 0 && h('div.form', given.map(part => field(labelled(part.name, part.required), part.made.element, hint(part.description, [part.in, part.made.type].filter(Boolean).join(', '))))),
    body?.element, accept && field('Accept', accept), line, trial);
  update();
  return [
    h('section.panel', { 'aria-label': one.summary },
      h('header', h('div', h('h2', one.summary), h('p.mono', methodBadge(one.method), ' ', one.path)), h('div.actions', one.isOpen ? badge('ok', words.open) : one.scopes.map(scope => h('span.badge', icon('key'), scope)))),
      one.description && h('div.body.stack.prose', prose(one.description))),
    panel(words.request, null, form, h('div.body', answer)),
    panel(words.answers, null, table([T.state, words.meaning], Object.entries(one.responses).map(([status, part]) => [h('td.mono', status), prose(resolved(part).description)]), words.answers)),
  ];
}

const methodBadge = method => h('span.badge.method' + (method === 'GET' ? '.busy' : method === 'DELETE' ? '.bad' : '.warn'), method);

/// Sends a request and shows what comes, also while it still comes.
async function show(view, request, place) {
  const cut = new AbortController(), start = performance.now();
  const took = () => `${Math.round(performance.now() - start)} ms`;
  fill(place, h('div.actions', h('span.soft', T.loading), h('button.small', { onclick: () => cut.abort() }, T.meter.values.stop)));
  let response;
  try {
    response = await send(request, AbortSignal.any([view.signal, cut.signal]));
  } catch (error) {
    fill(place, problem(error) || h('p.soft', words.stopped));
    return;
  }
  const code = listing(words.answer, ''), time = h('span.soft', took()), state = h('div.actions', badge('ok', String(response.status)), time, h('button.small', { onclick: () => cut.abort() }, T.meter.values.stop));
  fill(place, state, h('details', h('summary', words.headers), listing(words.headers, [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n'))), code);
  let text = '';
  try {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part; reader && !(part = await reader.read()).done && text.length < 200_000;) code.textContent = text += part.value;
  } catch { /* stopped: what came stays */ }
  state.lastChild.remove();
  time.textContent = took();
  cut.abort();
  try { code.textContent = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it came */ }
  if (!text) code.remove();
}

export async function page(view) {
  view.title(words.title);
  const lead = h('p.lead'), tree = h('nav.tree', { 'aria-label': words.title }, bones(8)), place = h('div');
  const search = searchBox(view, words.filter, () => draw());
  const contractLink = h('a.button', { href: address('/openapi.yaml'), target: '_blank', rel: 'noopener' }, 'openapi.yaml');
  fill(view.root, h('div.head', h('div', h('h1', words.title), lead), h('div.actions', contractLink)),
    h('div.columns.split', h('section.panel', { 'aria-label': words.operations }, picker(words.operations, view.rest[0], h('div.body', search), tree), h('footer', curlLine('/openapi.json'))), place));
  contract ||= await get('/openapi.json');
  const all = operations(), id = view.rest[0], one = all.find(one => one.operationId === id);
  lead.textContent = words.lead(all.length);
  const draw = () => {
    const text = search.words;
    const found = all.filter(one => `${one.summary} ${one.method} ${one.path} ${one.operationId}`.toLowerCase().includes(text));
    const groups = contract.tags.map(tag => [tag.name, found.filter(one => one.tag === tag.name)]).filter(([, list]) => list.length);
    const link = one => h('li', h('a', { href: `#/api/${one.operationId}` + query({ q: text }), 'aria-current': one.operationId === id && 'true' }, one.summary, h('small', methodBadge(one.method), ' ', one.path)));
    fill(tree, groups.length ? groups.map(([name, list]) => h('section', { 'aria-label': name }, h('h3', name), h('ul', list.map(link)))) : empty(words.none));
  };
  draw();
  tree.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  if (one) view.title(one.summary);
  fill(place, one ? detail(view, one) : id ? problem({ status: 404, title: T.pageUnknown, detail: id }) : h('div.panel', empty(words.pick, words.pickHint)));
}
