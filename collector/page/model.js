// One trace of Jaeger's JSON, made ready to be drawn.

import { color } from './format.js';

// Facts of a span that the API writes as tags; they are shown as what they are, not among the attributes.
const FACTS = new Set(['span.kind', 'otel.status_code', 'otel.status_description', 'otel.scope.name', 'otel.scope.version', 'w3c.tracestate']);

/** Spans in the order of a tree, with depth; spans whose parent is not here stand under a line that says so. */
export function build(trace) {
  const spans = trace.spans.map((span) => read(span, trace.processes[span.processID]));
  const start = spans.reduce((least, span) => Math.min(least, span.start), Infinity);
  const end = spans.reduce((most, span) => Math.max(most, span.start + span.duration), -Infinity);
  const byId = new Map();
  for (const span of spans) if (!byId.has(span.id)) byId.set(span.id, span);
  const roots = [];
  const orphans = new Map();
  for (const span of [...spans].sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1))) {
    if (!span.parent) roots.push(span);
    else if (byId.has(span.parent)) byId.get(span.parent).children.push(span);
    else if (orphans.has(span.parent)) orphans.get(span.parent).push(span);
    else orphans.set(span.parent, [span]);
  }
  const rows = [];
  const placed = new Set();
  // A stack, not recursion: a chain may be as long as the trace.
  function place(first, depth) {
    const todo = first.map((span) => ({ span, depth })).reverse();
    while (todo.length > 0) {
      const { span, depth: at } = todo.pop();
      if (placed.has(span)) continue;
      placed.add(span);
      const row = { kind: 'span', span, depth: at, end: 0 };
      rows.push(row);
      for (let i = span.children.length - 1; i >= 0; i--) todo.push({ span: span.children[i], depth: at + 1 });
    }
  }
  place(roots, 0);
  for (const [parent, group] of orphans) {
    rows.push({ kind: 'note', text: `Parent span ${parent} was not received`, depth: 0, end: 0 });
    place(group, 1);
  }
  if (placed.size < spans.length) {
    rows.push({ kind: 'note', text: 'These spans name each other as parents', depth: 0, end: 0 });
    for (const span of spans) place([span], 1);
  }
  // For each row, the index after its last descendant: collapsing skips that far.
  const open = [];
  rows.forEach((row, index) => {
    while (open.length > 0 && rows[open.at(-1)].depth >= row.depth) rows[open.pop()].end = index;
    open.push(index);
  });
  for (const index of open) rows[index].end = rows.length;

  const services = new Map();
  for (const span of spans) services.set(span.service, (services.get(span.service) ?? 0) + 1);
  return {
    id: trace.traceID, spans, rows, start, duration: Math.max(0, end - start), services,
    head: roots[0] ?? rows.find((row) => row.kind === 'span')?.span,
    rootMissing: roots.length === 0,
    errors: spans.filter((span) => span.error).length,
    depth: rows.reduce((most, row) => Math.max(most, row.depth + 1), 0),
  };
}

function read(span, process) {
  const facts = {};
  const attributes = [];
  for (const tag of span.tags) {
    if (FACTS.has(tag.key) && facts[tag.key] === undefined) facts[tag.key] = tag.value;
    else attributes.push(tag);
  }
  const error = facts['otel.status_code'] === 'ERROR';
  // The API marks errors with a tag of its own as well, for clients that know no status.
  const mark = error ? attributes.findLastIndex((tag) => tag.key === 'error' && tag.type === 'bool' && tag.value === true) : -1;
  if (mark >= 0) attributes.splice(mark, 1);
  const parent = span.references.find((reference) => reference.refType === 'CHILD_OF' && reference.traceID === span.traceID);
  return {
    id: span.spanID, traceId: span.traceID, name: span.operationName, parent: parent?.spanID,
    links: span.references.filter((reference) => reference !== parent),
    start: span.startTime, duration: span.duration, flags: span.flags, error,
    status: facts['otel.status_code'], message: facts['otel.status_description'], kind: facts['span.kind'],
    scope: facts['otel.scope.name'], scopeVersion: facts['otel.scope.version'], state: facts['w3c.tracestate'],
    attributes, events: span.logs, warnings: span.warnings ?? [],
    service: process?.serviceName ?? 'unknown', resource: process?.tags ?? [],
    color: color(process?.serviceName ?? 'unknown'), children: [],
  };
}
