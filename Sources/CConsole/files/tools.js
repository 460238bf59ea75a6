// SPDX-License-Identifier: Apache-2.0
import { T, curlLine, problem, empty, listing, panel, head, table, facts, field, input, select, h, fill, path, call, get } from './parts.js';

const words = T.tools;
const example = '0001000100200012C401C100090C07EA0B170100350400FFC400';

export async function page(view) {
  view.title(words.title);
  const hex = h('textarea', { name: 'hex', value: view.words.get('hex') || '' }), code = input('code', { value: view.words.get('code') || '1-0:1.8.0' }), number = input('class', { type: 'number', min: 0, value: view.words.get('class') || '3' });
  const layer = select('layer', Object.fromEntries(['auto', 'data', 'datetime', 'acse', 'xdlms', 'hdlc', 'wrapper', 'cipher', 'iec62056-21'].map(name => [name, name])), view.words.get('layer') || 'auto');
  const decoded = h('div.body', empty(words.emptyDecode, words.emptyDecodeHint)), meaning = h('div.body'), model = h('div.body'), lines = { decode: h('footer'), code: h('footer'), model: h('footer') };
  const guard = (place, work) => async event => { event?.preventDefault(); try { await work(); } catch (error) { fill(place, problem(error)); } };
  const decode = guard(decoded, async () => {
    const text = hex.value.replace(/[^0-9a-fA-F]/g, '');
    if (!text) return;
    view.set({ hex: text, layer: layer.value === 'auto' ? null : layer.value });
    const request = { method: 'POST', path: '/tools/decode', body: { hex: text, layer: layer.value }, asks: true };
    fill(lines.decode, curlLine(request));
    const answer = await call(request);
    fill(decoded, h('div.stack', listing(words.result, answer.decoded), facts([words.layer, answer.layer], [words.again, h('code', answer.reencoded || T.none)], answer.trailing && [words.trailing, h('code', answer.trailing)])));
  });
  const explain = guard(meaning, async () => {
    view.set({ code: code.value.trim() });
    const request = { path: path`/catalog/obis/${code.value.trim()}` };
    fill(lines.code, curlLine(request));
    const answer = await get(request.path);
    fill(meaning, h('div.stack', h('p', h('strong', answer.name || T.none)), facts([words.code, h('code', `${answer.obis}   ${answer.text}   ${answer.hex}`)], ...Object.entries(answer.groups).map(([group, value]) => [words.groups[group], String(value)]))));
  });
  const look = guard(model, async () => {
    view.set({ class: number.value });
    const request = { path: path`/catalog/classes/${number.value}` };
    fill(lines.model, curlLine(request));
    const answer = await get(request.path);
    const rows = list => list.map(item => [h('td.soft', String(item.id)), h('td.mono', item.name), h('td.soft', (item.types || []).join(', '))]);
    fill(model, h('p', h('strong', answer.name), h('span.soft', ' ' + T.meter.objects.class(answer.class, answer.version))), table(['', words.attributes, ''], rows(answer.attributes), words.attributes), answer.methods.length ? table(['', words.methods, ''], rows(answer.methods), words.methods) : null);
  });
  fill(view.root, head(words.title), h('div.columns',
    panel(words.decode, null, h('form.body.stack', { onsubmit: decode }, h('p.soft', words.decodeLead), field(words.hex, hex), field(words.layer, layer), h('div.actions', h('button.main', { type: 'submit' }, words.go), h('button.plain', { onclick: () => { hex.value = example; decode(); } }, words.example))), decoded, lines.decode),
    h('div', panel(words.obis, null, h('form.body.bar', { onsubmit: explain }, field(words.code, code), h('button', { type: 'submit' }, words.explain)), meaning, lines.code),
      panel(words.class, null, h('form.body.bar', { onsubmit: look }, field(words.classNumber, number), h('button', { type: 'submit' }, words.explain)), model, lines.model))));
  await Promise.all([hex.value && decode(), explain(), look()]);
}
