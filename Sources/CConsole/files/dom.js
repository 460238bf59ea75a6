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
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3l2 1.5', check: 'M3 8.5 6.5 12 13 4.5', lines: 'M3 4h4v4h6M7 8v4h6',
  group: 'M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z', tool: 'M5 3 2.5 8 5 13M11 3l2.500 5L11 13', hook: 'M8 2.500v7a2.500 2.500 0 1 1-2.500-2.500M8 2.500l3 3',
  key: 'M5.500 7.500a2.500 2.500 0 1 0 0 .1M8 7.500h6M12 7.500v3', ok: 'M3 8.500 6.500 12 13 4.500', bad: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.500 14 13H2zM8 6.500v3M8 11.300v.2', idle: 'M4 8h8', busy: 'M8 2.500a5.500 5.500 0 1 0 5.500 5.500', copy: 'M5.500 5.500h7v7h-7zM3.500 10V3.500H10',
  wait: 'M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M8 5v3.200', menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11', on: 'M8 2.500v5M4.800 4.500a5 5 0 1 0 6.400 0',
  off: 'M3 3l10 10M8 2.500v2M5 4.500a5 5 0 0 0 6.500 7.200M12.600 9.800a5 5 0 0 0-1.400-5.300', plus: 'M8 3v10M3 8h10', again: 'M13 5a5.500 5.500 0 1 0 .5 3.500M13.500 2.500V5.500h-3', save: 'M8 3v7M5 7.500 8 10.500l3-3M3 13h10',
};

/// A small picture; decoration only, text always stands beside it.
export function icon(name) {
  return s('svg', { viewBox: '0 0 16 16', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.6', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' }, s('path', { d: shapes[name] || shapes.idle }));
}
