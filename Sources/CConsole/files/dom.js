// SPDX-License-Identifier: Apache-2.0

/// Makes an element: `h('a.button', {href, onclick}, children…)`; children may be nested lists, null ones are left out.
export function h(name, ...rest) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length) element.className = classes.join(' ');
  if (tag === 'button') element.type = 'button';
  let children = rest;
  const first = rest[0];
  if (first && typeof first === 'object' && !(first instanceof Node) && !Array.isArray(first)) {
    children = rest.slice(1);
    for (const [key, value] of Object.entries(first)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
      else if (key === 'value' || key === 'checked' || key === 'line' || key === 'data') element[key] = value;
      else if (key === 'width') element.style.width = value;
      else element.setAttribute(key, value === true ? '' : value);
    }
  }
  add(element, children);
  return element;
}

/// Adds children, nested lists and texts to an element.
export function add(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/// Replaces what is in an element.
export function fill(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

/// Makes an SVG element.
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return add(element, children);
}

const shapes = {
  home: 'M3 8.5 8 4l5 4.5V13H3z', meter: 'M2.5 11a5.5 5.5 0 0 1 11 0M8 11l2.6-3.4', jobs: 'M3 4h10M3 8h10M3 12h6',
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3l2 1.5', lines: 'M3 4h4v4h6M7 8v4h6',
  group: 'M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z', tool: 'M5 3 2.5 8 5 13M11 3l2.5 5L11 13', wrench: 'M13 4.5a3.2 3.2 0 0 1-4.3 3.7L4.5 12.5 3.2 11.2l4.3-4.2A3.2 3.2 0 0 1 11.2 2.7L9.5 4.5l1.8 1.8z', hook: 'M8 2.5v7a2.5 2.5 0 1 1-2.5-2.5M8 2.5l3 3',
  key: 'M5.5 7.5a2.5 2.5 0 1 0 0 .1M8 7.5h6M12 7.5v3', ok: 'M3 8.5 6.5 12 13 4.5', bad: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3v.2', idle: 'M4 8h8', busy: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5', copy: 'M5.5 5.5h7v7h-7zM3.5 10V3.5H10',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11', on: 'M8 2.5v5M4.8 4.5a5 5 0 1 0 6.4 0',
  off: 'M3 3l10 10M8 2.5v2M5 4.5a5 5 0 0 0 6.5 7.2M12.6 9.8a5 5 0 0 0-1.4-5.3', plus: 'M8 3v10M3 8h10', again: 'M13 5a5.5 5.5 0 1 0 .5 3.5M13.5 2.5V5.5h-3', save: 'M8 3v7M5 7.5 8 10.5l3-3M3 13h10',
};

/// A small picture; decoration only, text always stands beside it.
export function icon(name) {
  return s('svg', { viewBox: '0 0 16 16', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.6', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' }, s('path', { d: shapes[name === 'wait' ? 'clock' : name] || shapes.idle }));
}
