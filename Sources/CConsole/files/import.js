// SPDX-License-Identifier: Apache-2.0
import { T, say, curlLine, badge, panel, head, table, meterLink, field, select, action, h, fill, query, call } from './parts.js';

const words = T.import;
const shownAtMost = 300;

/// Meters from a table: tried first, told line by line, then registered.
export async function page(view) {
  view.title(words.title);
  const text = h('textarea.tall', { name: 'lines', placeholder: words.placeholder });
  const file = h('input', { type: 'file', name: 'file', accept: '.csv,.ndjson,.jsonl,.txt' });
  const conflict = select('conflict', words.conflicts), mode = select('mode', words.modes);
  const trouble = h('div'), line = h('div'), report = h('div'), go = h('div');
  /// A file that is too long to be shown is kept here, and only its beginning stands in the box.
  let long = null;
  const body = () => long ?? text.value;
  const isLines = () => /^\s*\{/.test(body());
  const request = dryRun => ({
    method: 'POST', path: '/meters/import' + query({ onConflict: conflict.value, mode: mode.value, dryRun }), headers: { 'Content-Type': isLines() ? 'application/x-ndjson' : 'text/csv' },
    body: body(), file: isLines() ? 'meters.ndjson' : 'meters.csv',
  });
  const changed = () => {
    fill(report);
    fill(go);
    fill(trouble);
    attempt.classList.add('main');
    fill(line, curlLine(request(true)));
  };
  const take = async given => {
    if (!given) return;
    const all = await given.text();
    long = all.length > 200_000 ? all : null;
    text.readOnly = long !== null;
    text.value = long ? all.slice(0, 2000) + '\n…' : all;
    changed();
  };
  const attempt = action('button.main', { text: words.try }, async () => {
    const answer = await call(request(true));
    show(answer, words.tried);
    const count = answer.created + answer.replaced;
    if (answer.stored === false && mode.value === 'all-or-nothing' && answer.failed) return;
    attempt.classList.toggle('main', count === 0);
    fill(go, count > 0 && action('button.main', { text: words.go(count) }, async () => {
      const done = await call(request(null));
      fill(go);
      show(done, done.stored ? words.done : words.none);
      say(words.done);
    }, trouble));
  }, trouble);
  const results = { created: 'ok', replaced: 'ok', skipped: 'idle', failed: 'bad' };
  const show = (answer, title) => {
    const items = [...answer.items].sort((a, b) => (b.result === 'failed') - (a.result === 'failed') || a.line - b.line);
    fill(report, panel(title, Object.keys(results).filter(name => answer[name] > 0).map(name => badge(results[name], `${answer[name].toLocaleString('en')} ${words.results[name]}`)),
      table(words.columns, items.slice(0, shownAtMost).map(item => [
        h('td.soft', String(item.line)), item.id ? answer.dryRun || item.result === 'failed' ? item.id : h('a', { href: meterLink(item.id) }, item.id) : T.none,
        badge(results[item.result] || 'idle', words.results[item.result] || item.result),
        item.problem ? [h('strong', item.problem.title), h('br'), item.problem.detail, item.problem.hint && h('p.soft', item.problem.hint)] : '',
      ]), title),
      items.length > shownAtMost && h('footer', h('p.soft', words.rest(items.length - shownAtMost)))));
    report.scrollIntoView({ block: 'nearest' });
  };
  text.addEventListener('input', changed);
  file.addEventListener('change', () => take(file.files[0]));
  const zone = h('section.panel.drop', {
    'aria-label': words.title,
    ondragover: event => { event.preventDefault(); zone.classList.add('over'); },
    ondragleave: () => zone.classList.remove('over'),
    ondrop: event => { event.preventDefault(); zone.classList.remove('over'); take(event.dataTransfer.files[0]); },
  }, h('div.body.stack', field(words.lines, text, words.linesHint), h('div.form', field(words.file, file), field(words.conflict, conflict), field(words.mode, mode)), h('div.actions', attempt, go, h('a.button', { href: '#/meters' }, T.cancel)), line));
  for (const control of [conflict, mode]) control.addEventListener('change', changed);
  fill(view.root, head(words.title, words.lead), trouble, zone, report);
  changed();
}
