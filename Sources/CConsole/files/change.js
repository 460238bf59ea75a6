// SPDX-License-Identifier: Apache-2.0
import { T, panel, field, input, sender, h, fill, get } from './parts.js';

/// What the gateway itself writes into a record; it is not sent back to it.
const own = ['id', 'status', 'links', 'revision', 'createdAt', 'updatedAt', 'memberCount', 'disabledReason', 'secret'];
const named = name => T.members[name] || name[0].toUpperCase() + name.slice(1).replace(/[A-Z]/g, letter => ' ' + letter.toLowerCase());

/// A control for a member, by what its value is; `value` is undefined when the member is left out.
function member(name, now) {
  const text = named(name), list = Array.isArray(now) && now.every(one => typeof one === 'string');
  if (typeof now === 'boolean') {
    const box = h('input', { type: 'checkbox', name, checked: now });
    return { name, element: h('label.full', box, text), get value() { return box.checked; } };
  }
  if (now && typeof now === 'object' && !list) {
    const box = h('textarea', { name, value: JSON.stringify(now, null, 1) }), element = field(text, box, 'JSON');
    element.classList.add('full');
    return { name, element, get value() { return box.value.trim() ? JSON.parse(box.value) : undefined; } };
  }
  const isNumber = typeof now === 'number';
  const box = input(name, { value: list ? now.join(', ') : now ?? '', ...(isNumber && { type: 'number', step: 'any' }) });
  return {
    name, element: field(text, box, list && T.listHint),
    get value() {
      const said = box.value.trim();
      if (list) return said ? said.split(/[\s,]+/) : undefined;
      return said ? isNumber ? Number(said) : said : undefined;
    },
  };
}

/// Shows a form with every member of what is at a path, and `more` that it may have; it is replaced only in the version that was seen.
export async function change(title, at, { place, more, done }) {
  const now = await get(at);
  const members = Object.entries({ ...more, ...now }).filter(([name]) => !own.includes(name)).map(([name, value]) => member(name, value));
  const request = () => ({
    method: 'PUT', path: at, headers: { 'If-Match': now.etag },
    body: Object.fromEntries(members.map(one => [one.name, one.value]).filter(([, value]) => value !== undefined)),
  });
  const saved = async answer => {
    fill(place);
    await done(answer);
  };
  const text = `${T.change} ${title}`;
  fill(place, panel(text, null, h('div.body', sender(h('div.form', members.map(one => one.element)), T.save, request, saved))));
  place.scrollIntoView({ block: 'nearest' });
  place.querySelector('input, textarea').focus({ preventScroll: true });
}
