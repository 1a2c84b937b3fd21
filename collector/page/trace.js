// One trace: its facts, its waterfall and the span that was clicked.

import { fill, getJson, h, link } from './dom.js';
import { color, count, dateTime, duration } from './format.js';
import { detail } from './detail.js';
import { build } from './model.js';
import { Waterfall } from './waterfall.js';

/** Shows the trace of this id in `main`; returns what ends it. */
export function showTrace(main, id) {
  document.title = 'Trace - Spanline';
  const aborter = new AbortController();
  let waterfall = null;
  let keys = null;
  fill(main, h('p', { class: 'note' }, 'Loading\u2026'));

  getJson(`/api/traces/${id}`, aborter.signal).then(({ data }) => {
    const trace = build(data[0]);
    document.title = `${trace.head.name} - Spanline`;
    const view = draw(trace);
    waterfall = view.waterfall;
    keys = view.keys;
    document.addEventListener('keydown', keys);
    fill(main, view.element);
    const asked = location.hash.slice(1);
    if (/^[0-9a-f]{16}$/.test(asked)) waterfall.selectSpan(asked);
    waterfall.focus();
  }).catch((error) => {
    if (aborter.signal.aborted) return;
    const gone = error.code === 404;
    fill(main, h('div', { class: 'note welcome' },
      h('h2', {}, gone ? 'This trace is not here' : 'The trace could not be read'),
      h('p', {}, gone ? 'It was never received, or it had to go because newer traces needed the memory.' : error.message),
      h('p', {}, link('/', {}, 'All traces'))));
  });

  return () => {
    aborter.abort();
    waterfall?.end();
    if (keys) document.removeEventListener('keydown', keys);
  };
}

function draw(trace) {
  const side = h('aside', { class: 'side', hidden: true });
  const find = h('input', { type: 'search', id: 'find', placeholder: 'Find a span', 'aria-label': 'Find in span names, services and attributes; Enter goes to the next', autocomplete: 'off', spellcheck: 'false' });
  const matches = h('span', { class: 'found', role: 'status' });
  const waterfall = new Waterfall(trace, (span) => {
    side.hidden = !span;
    history.replaceState(null, '', span ? `#${span.id}` : location.pathname);
    fill(side, span && detail(trace, span, () => { waterfall.select(-1); waterfall.focus(); }, (id) => waterfall.selectSpan(id)));
  });

  function test() {
    const text = find.value.trim().toLowerCase();
    if (!text) return null;
    const holds = (value) => String(value).toLowerCase().includes(text);
    return (span) => holds(span.name) || holds(span.service) || holds(span.id) || span.attributes.some((tag) => holds(tag.key) || holds(tag.value));
  }

  find.addEventListener('input', () => {
    const found = waterfall.mark(test());
    matches.textContent = find.value.trim() ? count(found, 'match').replace('matchs', 'matches') : '';
  });
  find.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && test()) waterfall.next(test(), event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') {
      find.value = '';
      find.dispatchEvent(new Event('input'));
      waterfall.focus();
    } else return;
    event.preventDefault();
  });

  function keys(event) {
    if (event.key === '/' && event.target !== find) {
      event.preventDefault();
      find.select();
    } else if (event.key === 'Escape' && event.target !== find && !waterfall.element.contains(event.target)) {
      waterfall.select(-1);
      waterfall.focus();
    }
  }

  const button = (text, action) => h('button', { type: 'button', on: { click: action } }, text);
  const services = [...trace.services].sort((a, b) => b[1] - a[1]);
  const element = h('div', { class: 'trace-view' },
    h('div', { class: 'trace-top' },
      h('p', { class: 'crumb' }, link('/', {}, '\u2190 All traces'), h('code', {}, trace.id)),
      h('h1', {}, h('span', { class: `title-service ${color(trace.head.service)}` }, h('span', { class: 'stripe' }), trace.head.service), trace.head.name),
      h('ul', { class: 'summary' },
        h('li', {}, h('b', {}, duration(trace.duration))),
        h('li', {}, count(trace.spans.length, 'span')),
        h('li', {}, `${trace.depth} ${trace.depth === 1 ? 'level' : 'levels'}`),
        trace.errors > 0 && h('li', { class: 'failed' }, count(trace.errors, 'error')),
        trace.rootMissing && h('li', { class: 'missing' }, 'root not received'),
        h('li', { class: 'muted' }, dateTime(trace.start))),
      h('div', { class: 'tools' },
        h('span', { class: 'who' }, services.slice(0, 12).map(([name, spans]) => h('span', { class: `chip ${color(name)}`, title: `${name}: ${count(spans, 'span')}` }, h('span', { class: 'chip-name' }, name), h('b', {}, spans.toLocaleString('en')))),
          services.length > 12 && h('span', { class: 'more' }, `+${services.length - 12}`)),
        h('span', { class: 'grow' }), matches, find,
        trace.errors > 0 && button('Next error', () => waterfall.next((span) => span.error)),
        button('Expand all', () => waterfall.collapseAll(false)),
        button('Collapse', () => waterfall.collapseAll(true)))),
    h('div', { class: 'split' }, waterfall.element, side));
  return { element, waterfall, keys };
}
