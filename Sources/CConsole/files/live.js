// SPDX-License-Identifier: Apache-2.0
import { send } from './api.js';

/// Waits, but not longer than the signal lets it.
const pause = (seconds, signal) => new Promise(done => {
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    done();
  };
  const timer = setTimeout(end, seconds * 1000);
  signal.addEventListener('abort', end);
});

/// The events of an answer as they come; `place.id` is where to go on after the last of them.
async function* read(body, place, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '', event = {};
  for (let part; !(part = await reader.read()).done;) {
    alive();
    const lines = (rest + part.value).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const [, name, value] = /^([a-z]+): ?(.*?)\r?$/.exec(line) || [];
      if (name) event[name] = value;
      if (line.trim()) continue;
      place.id = event.id || place.id;
      if (event.data) yield { type: event.event, data: JSON.parse(event.data) };
      event = {};
    }
  }
}

/// Follows a stream of server-sent events until it is over or the signal ends it: yields `{type, data}` for each event. A stream that is cut, or silent for longer than its
/// heart-beat, is taken up after its last event; while there is none, or the caller may not have it, an event `poll` comes every few seconds in place of it.
export async function* stream(path, signal, { place = {}, seconds = 5, told = () => {} } = {}) {
  for (let wait = 1; !signal.aborted;) {
    const cut = new AbortController();
    let silence = 0, isRefused = false, isAway = false;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => cut.abort(), 40_000);
    };
    try {
      const headers = { Accept: 'text/event-stream', ...(place.id && { 'Last-Event-ID': place.id }) };
      const response = await send({ path, headers }, AbortSignal.any([signal, cut.signal]));
      if (response.status === 204) return;
      told('live');
      alive();
      wait = 1;
      yield* read(response.body, place, alive);
    } catch (error) {
      isRefused = error.status >= 400 && error.status < 500;
      isAway = error.status === 0;
    } finally {
      clearTimeout(silence);
      cut.abort();
    }
    if (signal.aborted) return;
    // A stream that ends in good order is taken up at once; only who cannot come back says so.
    if (wait > 1 || isRefused || isAway) told(isAway ? 'away' : 'polling');
    do {
      await pause(isRefused ? seconds : wait, signal);
      if (!signal.aborted && (wait > 1 || isRefused)) yield { type: 'poll' };
    } while (isRefused && !signal.aborted);
    wait = Math.min(wait * 2, seconds);
  }
}

/// What the pages want to be told of. Stored readings are left out: they are too many, and no page shows them as they come.
export const types = ['meter.alarm', 'meter.event', 'meter.offline', 'meter.online', 'meter.breaker-open', 'push.undecoded', 'job.created', 'job.started', 'job.progress', 'job.finished',
  'order.awaiting-confirmation', 'order.executed', 'order.failed', 'order.unknown', 'schedule.missed', 'gateway.draining'];
const followers = new Set();

/// Does a work some moments after an event of these kinds (`job.` is every event of jobs), as long as the signal lets it; many events at once are one reason to work.
export function follow(kinds, work, signal) {
  const one = { kinds, work, signal };
  followers.add(one);
  signal.addEventListener('abort', () => followers.delete(one));
}

async function nudge(one, event) {
  one.isAgain = true;
  if (one.isBusy) return;
  one.isBusy = true;
  while (one.isAgain && !one.signal.aborted) {
    one.isAgain = false;
    await pause(.6, one.signal);
    try { if (!one.signal.aborted) await one.work(event); } catch { /* the page that asked shows its own trouble */ }
  }
  one.isBusy = false;
}

/// Tells followers what happens, over one stream for the whole tab. A tab that is not seen has no stream: browsers allow few connections to a host, and each stream takes a place at the gateway.
export function listen(told) {
  const place = {};
  let open = null;
  const run = async () => {
    open?.abort();
    if (document.hidden) return;
    const { signal } = open = new AbortController();
    for await (const event of stream('/events?type=' + types.join(','), signal, { place, seconds: 10, told })) {
      const isAny = event.type === 'poll' || event.type === 'gap';
      for (const one of followers) if (isAny || one.kinds.some(kind => event.type.startsWith(kind))) nudge(one, event);
    }
  };
  document.addEventListener('visibilitychange', run);
  addEventListener('signed-in', run);
  run();
}
