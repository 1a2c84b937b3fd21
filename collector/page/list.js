// The list of recent traces.

import { fill, getJson, h, link } from './dom.js';
import { ago, color, count, dateTime, duration, time } from './format.js';

const REFRESH_MS = 2000;

/** Shows the list in `main`; returns what ends it. */
export function showList(main) {
  document.title = 'Traces - Spanline';
  const wanted = new URLSearchParams(location.search);
  const aborter = new AbortController();
  let timer = 0;
  let drawn = '';
  let live = true;

  const service = h('select', { id: 'service', 'aria-label': 'Service' }, h('option', { value: '' }, 'All services'));
  const text = h('input', { id: 'text', type: 'search', placeholder: 'Find in names and ids', 'aria-label': 'Find in service names, span names and trace ids', autocomplete: 'off', spellcheck: 'false' });
  const errors = h('input', { id: 'errors', type: 'checkbox' });
  const pause = h('button', { type: 'button', class: 'plain live', 'aria-pressed': 'false', title: 'Stop or go on with new traces' });
  const found = h('p', { class: 'found', role: 'status' });
  const rows = h('div', { class: 'traces', role: 'list', 'aria-label': 'Recent traces' });
  text.value = wanted.get('text') ?? '';
  errors.checked = wanted.get('errors') === 'true';
  let chosen = wanted.get('service') ?? '';

  fill(main,
    h('div', { class: 'filters' },
      h('h1', {}, 'Traces'),
      service, text,
      h('label', { class: 'check' }, errors, 'Errors only'),
      h('span', { class: 'grow' }), found, pause),
    rows);

  function drawPause() {
    fill(pause, h('span', { class: 'dot', 'aria-hidden': 'true' }), live ? 'Live' : 'Paused');
    pause.setAttribute('aria-pressed', String(!live));
    pause.classList.toggle('paused', !live);
  }

  function query() {
    const parameters = new URLSearchParams();
    if (chosen) parameters.set('service', chosen);
    if (text.value.trim()) parameters.set('text', text.value.trim());
    if (errors.checked) parameters.set('errors', 'true');
    return parameters;
  }

  async function drawServices() {
    const names = (await getJson('/api/services', aborter.signal)).data;
    if (chosen && !names.includes(chosen)) names.unshift(chosen);
    const old = [...service.options].slice(1).map((option) => option.value);
    if (old.join('\n') !== names.join('\n')) {
      fill(service, h('option', { value: '' }, 'All services'), names.map((name) => h('option', { value: name }, name)));
    }
    service.value = chosen;
  }

  async function refresh() {
    clearTimeout(timer);
    const asked = query().toString();
    try {
      const [answer] = await Promise.all([getJson(`/api/recent?${asked}`, aborter.signal), drawServices()]);
      if (asked === query().toString()) draw(answer);
    } catch (error) {
      if (aborter.signal.aborted) return;
      found.textContent = '';
      drawn = '';
      fill(rows, h('p', { class: 'note bad' }, `The list could not be read: ${error.message}`));
    }
    schedule();
  }

  function schedule() {
    clearTimeout(timer);
    if (live && !aborter.signal.aborted) timer = setTimeout(() => (document.hidden ? schedule() : refresh()), REFRESH_MS);
  }

  function draw(answer) {
    const { traces } = answer;
    const shown = traces.length < answer.found ? `newest ${traces.length} of ${count(answer.found, 'trace')}` : count(answer.found, 'trace');
    found.textContent = query().size > 0 ? `${shown} found` : shown;
    for (const age of rows.querySelectorAll('[data-start]')) age.textContent = ago(Number(age.dataset.start));
    // Unchanged rows stay as they are: focus, selection and hover survive the refresh.
    const key = JSON.stringify(traces);
    if (key === drawn) return;
    drawn = key;
    const focused = document.activeElement?.closest?.('.trace')?.getAttribute('href');
    const longest = Math.max(1, ...traces.map((trace) => Number(trace.durationNanos)));
    fill(rows, traces.length > 0 ? [head(), traces.map((trace) => row(trace, longest))] : empty(answer.kept));
    if (focused) rows.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  function change() {
    chosen = service.value;
    const parameters = query();
    history.replaceState(null, '', parameters.size > 0 ? `/?${parameters}` : '/');
    refresh();
  }

  function keys(event) {
    const typing = event.target === text || event.target === service;
    if (event.key === '/' && !typing) {
      event.preventDefault();
      text.select();
    } else if (event.key === 'Escape' && event.target === text) {
      text.value = '';
      change();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (event.target === service) return;
      const all = [...rows.querySelectorAll('.trace')];
      const at = all.indexOf(document.activeElement);
      const next = all[event.key === 'ArrowDown' ? at + 1 : Math.max(0, at - 1)];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    }
  }

  let typed = 0;
  text.addEventListener('input', () => {
    clearTimeout(typed);
    typed = setTimeout(change, 150);
  });
  service.addEventListener('change', change);
  errors.addEventListener('change', change);
  pause.addEventListener('click', () => {
    live = !live;
    drawPause();
    if (live) refresh();
    else clearTimeout(timer);
  });
  document.addEventListener('keydown', keys);
  drawPause();
  refresh();

  return () => {
    aborter.abort();
    clearTimeout(timer);
    clearTimeout(typed);
    document.removeEventListener('keydown', keys);
  };
}

function head() {
  return h('div', { class: 'trace-head', 'aria-hidden': 'true' },
    h('span', {}, 'Started'), h('span', {}, 'Root span'), h('span', {}, 'Services'),
    h('span', { class: 'number' }, 'Spans'), h('span', {}, 'Duration'));
}

function row(trace, longest) {
  const us = Number(trace.durationNanos) / 1000;
  const spoken = `${trace.service} ${trace.name}, ${duration(us)}, ${count(trace.spans, 'span')}${trace.errors ? `, ${count(trace.errors, 'error')}` : ''}`;
  return h('div', { role: 'listitem' },
    link(`/trace/${trace.traceID}`, { class: 'trace', 'aria-label': spoken },
      h('span', { class: 'when', title: dateTime(trace.startTime) }, time(trace.startTime),
        h('small', { 'data-start': trace.startTime }, ago(trace.startTime))),
      h('span', { class: 'what' },
        h('strong', { title: trace.name }, trace.name),
        h('small', {}, trace.service, trace.rootMissing && ' \u00b7 root not received', !trace.rootMissing && trace.orphans > 0 && ` \u00b7 ${count(trace.orphans, 'span')} without their parent`)),
      h('span', { class: 'who' }, trace.services.slice(0, 5).map((service) =>
        h('span', { class: `chip ${color(service.name)}`, title: `${service.name}: ${count(service.spans, 'span')}` }, h('span', { class: 'chip-name' }, service.name), h('b', {}, service.spans.toLocaleString('en')))),
        trace.services.length > 5 && h('span', { class: 'more' }, `+${trace.services.length - 5}`)),
      h('span', { class: 'number' }, trace.spans.toLocaleString('en')),
      h('span', { class: 'took' },
        h('span', { class: 'took-text' }, duration(us), trace.errors > 0 && h('span', { class: 'badge', title: count(trace.errors, 'error') }, `! ${trace.errors}`)),
        h('span', { class: 'meter', 'aria-hidden': 'true' }, h('i', { class: trace.errors > 0 ? 'failed' : '', style: { width: `${Math.max(0.5, Number(trace.durationNanos) / longest * 100)}%` } })))));
}

function empty(kept) {
  if (kept > 0) return h('p', { class: 'note' }, 'No trace matches the filters.');
  return h('div', { class: 'note welcome' },
    h('h2', {}, 'Waiting for the first trace'),
    h('p', {}, 'Send spans by OTLP/HTTP with any OpenTelemetry SDK, for example with these environment variables:'),
    h('pre', {}, `OTEL_EXPORTER_OTLP_ENDPOINT=http://${location.hostname}:4318\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nOTEL_METRICS_EXPORTER=none\nOTEL_LOGS_EXPORTER=none`),
    h('p', {}, 'The collector listens on port 4318 unless it was started with another --otlp-http. New traces appear here by themselves.'));
}
