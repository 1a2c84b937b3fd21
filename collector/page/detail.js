// Everything about one span.

import { h, link } from './dom.js';
import { dateTime, duration } from './format.js';

/** The panel of a span of this trace; `close` and `goTo(spanId)` are called on its buttons. */
export function detail(trace, span, close, goTo) {
  const known = new Set(trace.spans.map((other) => other.id));
  return h('section', { class: `detail ${span.color}`, 'aria-label': `Span ${span.name}` },
    h('header', {},
      h('div', {}, h('p', { class: 'detail-service' }, h('span', { class: 'stripe' }), span.service), h('h2', {}, span.name)),
      h('button', { type: 'button', class: 'plain close', 'aria-label': 'Close', title: 'Close (Esc)', on: { click: close } }, '\u00d7')),
    h('div', { class: 'detail-body' },
      status(span),
      h('dl', { class: 'facts' },
        fact('Duration', duration(span.duration)),
        fact('Starts at', `+${span.start === trace.start ? '0' : duration(span.start - trace.start)}`, dateTime(span.start)),
        fact('Kind', span.kind ?? 'unspecified')),
      span.warnings.length > 0 && h('div', { class: 'warnings' }, span.warnings.map((text) => h('p', {}, text))),
      section('Attributes', span.attributes.length, table(span.attributes), true),
      section('Events', span.events.length, span.events.map((event) => eventBlock(trace, event)), true),
      section('Links', span.links.length, span.links.map(linkBlock), true),
      section('Resource', span.resource.length, table([{ key: 'service.name', type: 'string', value: span.service }, ...span.resource]), false),
      section('Ids and scope', null, h('dl', { class: 'pairs' },
        pair('Trace id', copyable(span.traceId)),
        pair('Span id', copyable(span.id)),
        pair('Parent span id', span.parent ? (known.has(span.parent) ? h('button', { type: 'button', class: 'plain as-link', on: { click: () => goTo(span.parent) } }, span.parent) : [copyable(span.parent), ' (not received)']) : 'none: this is a root'),
        span.scope && pair('Scope', span.scopeVersion ? `${span.scope} ${span.scopeVersion}` : span.scope),
        pair('Trace flags', `0x${(span.flags & 0xff).toString(16).padStart(2, '0')}`),
        span.state && pair('Trace state', span.state)), true)));
}

function status(span) {
  if (span.error) return h('p', { class: 'state failed' }, h('b', {}, '! Error'), span.message && h('span', {}, span.message));
  if (span.status === 'OK') return h('p', { class: 'state good' }, h('b', {}, 'OK'));
  return null;
}

function fact(name, value, title) {
  return h('div', {}, h('dt', {}, name), h('dd', { title }, value));
}

function pair(name, value) {
  return [h('dt', {}, name), h('dd', {}, value)];
}

function section(name, number, content, open) {
  if (number === 0) return null;
  return h('details', { open }, h('summary', {}, name, number !== null && h('span', { class: 'amount' }, number)), content);
}

function table(tags) {
  return h('dl', { class: 'pairs' }, tags.map((tag) => pair(tag.key, value(tag))));
}

function value(tag) {
  if (tag.type === 'binary') return h('span', { class: 'value binary', title: 'bytes, as base64' }, tag.value);
  if (tag.type !== 'string') return h('span', { class: `value ${tag.type}` }, String(tag.value));
  return h('span', { class: 'value' }, tag.value === '' ? h('i', { class: 'muted' }, 'empty') : tag.value);
}

function eventBlock(trace, event) {
  const name = event.fields.find((field) => field.key === 'event');
  return h('div', { class: 'block' },
    h('p', {}, h('b', {}, name?.value ?? 'event'), h('span', { class: 'muted', title: dateTime(event.timestamp) }, `+${duration(Math.max(0, event.timestamp - trace.start))}`)),
    table(event.fields.filter((field) => field !== name)));
}

function linkBlock(reference) {
  return h('div', { class: 'block' },
    h('dl', { class: 'pairs' },
      pair('Trace id', link(`/trace/${reference.traceID}`, {}, reference.traceID)),
      pair('Span id', copyable(reference.spanID))));
}

function copyable(text) {
  const button = h('button', { type: 'button', class: 'plain copy', title: 'Copy', 'aria-label': `Copy ${text}` }, 'copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'copied';
    } catch {
      button.textContent = 'not allowed';
    }
    setTimeout(() => { button.textContent = 'copy'; }, 1200);
  });
  return h('span', { class: 'copyable' }, h('code', {}, text), button);
}
