// SPDX-License-Identifier: Apache-2.0
import { T } from './texts.js';

/// Where the gateway's paths begin: the console may stand behind a proxy, below some path.
const root = new URL('..', location.href.split('#')[0]).href.replace(/\/$/, '');
const slot = 'cosem-gateway-key';

/// The key of the caller, kept until the tab is closed.
export const key = {
  get value() { return sessionStorage.getItem(slot) || ''; },
  set value(text) { if (text) sessionStorage.setItem(slot, text); else sessionStorage.removeItem(slot); },
};

/// What the caller is known to be allowed; nothing is known of one without a key.
export const caller = { scopes: null };
/// Whether the caller may do something, as far as is known.
export const allowed = scope => caller.scopes?.includes(scope) ?? true;

/// A problem that the gateway or the network reported.
export class Problem extends Error {
  constructor(status, members) {
    super(members.detail || members.title);
    Object.assign(this, { status, ...members });
  }
  /// The name of the problem: the end of its type.
  get kind() { return (this.type || '').split('/').pop(); }
}

/// That nothing answers at the gateway's address.
export const away = () => new Problem(0, { title: T.problem.away, detail: T.problem.awayDetail, hint: T.problem.awayHint, retryable: true });

/// The whole address of a path.
export const address = path => root + path;

/// A path with its parts escaped: `` path`/meters/${id}` ``.
export function path(parts, ...values) {
  return parts.reduce((text, part, place) => text + encodeURIComponent(values[place - 1]) + part);
}

/// A query: `?a=1&b=2`, without what is empty.
export function query(words) {
  const pairs = Object.entries(words).flatMap(([name, value]) => [value].flat().map(one => [name, one]));
  const text = new URLSearchParams(pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')).toString();
  return text && '?' + text;
}

/// A name for one order that nobody used before.
export function uuid() {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[6] = octets[6] & 15 | 64;
  octets[8] = octets[8] & 63 | 128;
  const text = Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join('');
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function fields(request) {
  const all = { ...request.headers };
  if (request.body !== undefined) all['Content-Type'] ||= 'application/json';
  return all;
}

/// What is read ends with the page that reads: its signal. What is done goes on.
export const life = { signal: null };

/// Sends a request `{method, path, body, headers}` and gives the answer as it comes; one that only `asks` is no action, whatever its method.
export async function send(request, signal = request.method ? null : life.signal) {
  const headers = fields(request);
  if (key.value) headers.Authorization = 'Bearer ' + key.value;
  let response;
  try {
    response = await fetch(address(request.path), {
      method: request.method || 'GET', headers, signal, cache: 'no-store', credentials: 'same-origin', redirect: 'error',
      body: request.body === undefined ? undefined : typeof request.body === 'string' ? request.body : JSON.stringify(request.body),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw away();
  }
  if (request.method && !request.asks) dispatchEvent(new CustomEvent('sent', { detail: request }));
  if (response.ok || response.status === 304) return response;
  let members = { title: `${response.status} ${response.statusText}` };
  try { members = await response.json(); } catch { /* not JSON: the status must do */ }
  if (response.status === 401) dispatchEvent(new CustomEvent('sign-in', { detail: members }));
  throw new Problem(response.status, members);
}

/// Sends a request and gives its JSON.
export async function call(request, signal) {
  const response = await send(request, signal);
  const text = await response.text();
  const data = text ? JSON.parse(text) : null;
  if (data && typeof data === 'object') Object.defineProperty(data, 'etag', { value: response.headers.get('ETag') });
  return data;
}

/// GET as JSON.
export const get = (path, signal) => call({ path }, signal);

/// Every item of a paged list, page by page.
export async function* pages(first, signal) {
  for (let next = first; next;) {
    const page = await get(next, signal);
    yield page.items;
    next = page.next && page.next.slice(page.next.indexOf(first.split('?')[0]));
  }
}

/// A body with the secrets in it replaced by the names of variables that a shell fills in.
const bare = body => JSON.stringify(body, (name, value) => /^secret$|Key$/.test(name) && (value?.text ?? value?.hex) !== undefined ? { [value.text === undefined ? 'hex' : 'text']: '$METER_SECRET' } : value);
const quote = text => `'${String(text).replaceAll("'", "'\\''")}'`;

/// The line that does the same in a shell.
export function curl(request) {
  const parts = ['curl'];
  const method = request.method || 'GET';
  if (method !== 'GET') parts.push('-X', method);
  parts.push(quote(address(request.path)));
  if (key.value) parts.push('-H', '"Authorization: Bearer $GATEWAY_KEY"');
  for (const [name, value] of Object.entries(fields(request))) parts.push('-H', quote(`${name}: ${value}`));
  if (request.file) parts.push('--data-binary', '@' + request.file);
  else if (request.body !== undefined) parts.push('-d', quote(typeof request.body === 'string' ? request.body : bare(request.body)).replaceAll('$METER_SECRET', `'"$METER_SECRET"'`));
  return parts.join(' ');
}
