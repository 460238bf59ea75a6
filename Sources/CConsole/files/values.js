// SPDX-License-Identifier: Apache-2.0
import { T, field, input, select, choice, h, fill } from './parts.js';

const words = T.values;
/// The lowest and the highest value of each kind of integer.
const limits = {
  integer: [-128n, 127n], unsigned: [0n, 255n], long: [-32768n, 32767n], 'long-unsigned': [0n, 65535n], 'double-long': [-(2n ** 31n), 2n ** 31n - 1n], 'double-long-unsigned': [0n, 2n ** 32n - 1n],
  long64: [-(2n ** 63n), 2n ** 63n - 1n], 'long64-unsigned': [0n, 2n ** 64n - 1n],
};

const hexOf = text => Array.from(new TextEncoder().encode(text), octet => octet.toString(16).padStart(2, '0')).join('').toUpperCase();
function textOf(hex) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(hex.match(/../g) || [], octet => parseInt(octet, 16)));
    return /^[\x20-\x7e\u00a0-\uffff]*$/.test(text) ? text : null;
  } catch {
    return null;
  }
}

/// Something that says in words why a value cannot be sent.
const refuse = text => { throw new Error(text); };

/// An integer within its type; as text where JSON numbers would lose digits.
function integer(type, text) {
  const [low, high] = limits[type];
  if (!/^-?\d+$/.test(text) || BigInt(text) < low || BigInt(text) > high) refuse(words.range(low, high));
  return type.startsWith('long64') ? text : Number(text);
}

/// The ways to write a value of a type, the best first: each `{name, element, value}`; `now` is the value as it is, typed, and `friendly` the same in words.
function ways(type, { means, codes }, now, friendly) {
  const hex = now?.hex ?? '';
  const box = (value, more) => input('value', { value: value ?? '', ...more });
  const way = (name, element, value) => ({ name, element, get value() { return value(element.value.trim()); } });
  const octets = () => way(words.hex, box(hex, { pattern: '([0-9a-fA-F]{2})*' }), text => /^([0-9a-f]{2})*$/i.test(text) ? { type, hex: text.toUpperCase() } : refuse(words.noHex));
  if (limits[type]) return [way(words.number, box(now?.value, { inputmode: 'numeric' }), text => ({ type, value: integer(type, text) }))];
  if (type === 'float32' || type === 'float64') return [way(words.number, box(now?.value, { inputmode: 'decimal' }), text => ({ type, value: Number.isFinite(Number(text || NaN)) ? Number(text) : refuse(words.noNumber) }))];
  if (type === 'boolean') return [way(words.choice, select('value', { true: T.values.true, false: T.values.false }, String(now?.value ?? false)), text => ({ type, value: text === 'true' }))];
  if (type === 'enum') {
    const names = Object.fromEntries((codes || []).map(({ code, name }) => [code, `${code}  ${name}`]));
    if (now && !(now.value in names)) names[now.value] = String(now.value);
    if (codes) return [way(words.choice, select('value', names, now?.value), text => ({ type, value: Number(text) }))];
    return [way(words.number, box(now?.value, { inputmode: 'numeric' }), text => ({ type, value: integer('unsigned', text) }))];
  }
  if (type === 'visible-string' || type === 'utf8-string') return [way(words.text, box(now?.value), text => ({ type, value: text }))];
  if (type === 'bit-string') {
    const text = way(words.bits, box(now?.bits, { pattern: '[01]*' }), text => /^[01]*$/.test(text) ? { type, bits: text } : refuse(words.noBits));
    const switches = Array.from(now?.bits || '', bit => h('input', { type: 'checkbox', checked: bit === '1' }));
    const named = switches.map((box, place) => h('label', box, codes?.find(one => one.code === place)?.name || String(place)));
    const all = { name: words.switches, isGroup: true, element: h('div.bits', named), get value() { return { type, bits: switches.map(box => box.checked ? '1' : '0').join('') }; } };
    return switches.length ? [all, text] : [text];
  }
  if (type === 'date-time' || (type === 'octet-string' && means === 'date-time')) {
    const [, local, offset = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?([+-]\d\d:\d\d|Z)?$/.exec(typeof friendly === 'string' ? friendly : '') || [];
    const time = h('input', { type: 'datetime-local', step: '1', name: 'value', value: local ?? '' }), zone = box(offset, { placeholder: '+01:00', 'aria-label': words.offset });
    zone.name = 'offset';
    const both = { name: words.time, element: time, more: field(words.offset, zone, words.offsetHint), get value() { return time.value ? (time.value.length < 19 ? time.value + ':00' : time.value) + zone.value.trim() : refuse(words.noTime); } };
    return local || !hex ? [both, octets()] : [octets(), both];
  }
  if (type === 'octet-string') {
    const text = textOf(hex);
    const inText = way(words.text, box(text), text => ({ type, hex: hexOf(text) }));
    if (means === 'obis') return [way('OBIS', box(friendly), text => /^\d+(\.\d+){5}$/.test(text) ? { type, hex: text.split('.').map(part => Number(part).toString(16).padStart(2, '0')).join('').toUpperCase() } : refuse(words.noOBIS)), octets()];
    return means === 'text' || (hex && text !== null) ? [inText, octets()] : [octets(), inText];
  }
  return [];
}

/// An editor for a value of what the class says of it: `model` has `types`, `means` and `codes`, as the catalogue of classes does. Whatever else there is can be written as JSON, which is checked.
export function valueEditor(label, model, { now, friendly, hint, changed }) {
  const type = now?.type || (model.types?.length === 1 ? model.types[0] : null);
  const json = h('textarea', { name: 'value', value: now ? JSON.stringify(now, null, now.items ? 1 : 0) : '' });
  const asJSON = { name: 'JSON', element: json, hint, get value() { const text = json.value.trim(); try { return text ? JSON.parse(text) : undefined; } catch (error) { return refuse(words.noJSON(error.message)); } } };
  const all = [...(type ? ways(type, model, now, friendly) : []), asJSON];
  const place = h('div.stack'), fault = h('p.bad-ink', { role: 'status' });
  let chosen = all[0];
  const check = () => {
    let text = '';
    try {
      if (chosen.element.value) void chosen.value;
    } catch (error) {
      text = error.message;
    }
    fault.textContent = text;
    changed();
  };
  const draw = () => fill(place, all.length > 1 && choice(Object.fromEntries(all.map(one => [one.name, one.name])), chosen.name, words.as, name => { chosen = all.find(one => one.name === name); draw(); check(); }),
    chosen.isGroup ? h('fieldset', h('legend', label), chosen.element) : field(label, chosen.element, chosen.hint || type), chosen.more, fault);
  place.addEventListener('input', check);
  draw();
  return { element: place, get value() { return chosen.value; }, focus: () => (chosen.isGroup ? chosen.element.querySelector('input') : chosen.element).focus() };
}
