// The waterfall: a tree of rows on a time axis. Only the rows that can be seen exist as elements, so that a trace of
// many thousand spans scrolls like one of ten.

import { fill, h } from './dom.js';
import { duration } from './format.js';

const ROW = 30;
const SPARE = 8;
const TICKS = 4;

/** Draws the rows of a trace. `onSelect(span | null)` is told what is selected. */
export class Waterfall {
  #trace;
  #onSelect;
  #collapsed = new Set();
  #visible = [];
  #selected = -1;
  #matches = null;
  #body = h('div', { class: 'rows' });
  #scroller;
  #frame = 0;

  constructor(trace, onSelect) {
    this.#trace = trace;
    this.#onSelect = onSelect;
    const ticks = Array.from({ length: TICKS + 1 }, (_, i) => h('span', { class: 'tick', style: { left: `${i * 100 / TICKS}%` } }, i === 0 ? '0' : duration(trace.duration * i / TICKS)));
    this.#scroller = h('div', {
      class: 'waterfall', role: 'treegrid', tabindex: '0', 'aria-label': 'Spans of this trace',
      'aria-rowcount': String(trace.rows.length),
      on: { keydown: (event) => this.#keys(event), scroll: () => this.#later(), click: (event) => this.#click(event) },
    },
    h('div', { class: 'axis', 'aria-hidden': 'true' }, h('div', { class: 'axis-name' }, 'Service and span'), h('div', { class: 'axis-time' }, ticks)),
    this.#body);
    this.element = this.#scroller;
    this.observer = new ResizeObserver(() => this.#later());
    this.observer.observe(this.#scroller);
    this.#lay();
  }

  end() {
    this.observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  focus() {
    this.#scroller.focus({ preventScroll: true });
  }

  /** Opens every row, or closes all below the first level. */
  collapseAll(closed) {
    this.#collapsed.clear();
    if (closed) this.#trace.rows.forEach((row, index) => row.end > index + 1 && row.depth > 0 && this.#collapsed.add(index));
    this.#lay();
  }

  /** Marks the rows for which `test(span)` holds, none for null; returns how many there are. */
  mark(test) {
    this.#matches = test && new Set(this.#trace.rows.flatMap((row, index) => (row.kind === 'span' && test(row.span) ? [index] : [])));
    this.#later();
    return this.#matches?.size ?? 0;
  }

  /** Selects the next row after the selected one for which `test(span)` holds, around the end. */
  next(test, step = 1) {
    const { rows } = this.#trace;
    for (let i = 1; i <= rows.length; i++) {
      const at = (((this.#selected < 0 && step > 0 ? -1 : this.#selected) + i * step) % rows.length + rows.length) % rows.length;
      if (rows[at].kind === 'span' && test(rows[at].span)) return this.select(at);
    }
  }

  /** Selects a row by its place in the whole tree; -1 for none. */
  select(index) {
    this.#selected = index;
    if (index >= 0) {
      for (const closed of [...this.#collapsed]) if (closed < index && index < this.#trace.rows[closed].end) this.#collapsed.delete(closed);
      this.#lay();
      this.#reveal(this.#visible.indexOf(index));
    }
    this.#later();
    const row = this.#trace.rows[index];
    this.#onSelect(row?.kind === 'span' ? row.span : null);
  }

  selectSpan(id) {
    const index = this.#trace.rows.findIndex((row) => row.kind === 'span' && row.span.id === id);
    if (index >= 0) this.select(index);
  }

  #lay() {
    const { rows } = this.#trace;
    this.#visible = [];
    for (let index = 0; index < rows.length; index = this.#collapsed.has(index) ? rows[index].end : index + 1) this.#visible.push(index);
    this.#body.style.height = `${this.#visible.length * ROW}px`;
    this.#later();
  }

  #later() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const top = this.#scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW) - SPARE);
    const last = Math.min(this.#visible.length, Math.ceil((top + this.#scroller.clientHeight) / ROW) + SPARE);
    const rows = [];
    for (let at = first; at < last; at++) rows.push(this.#row(this.#visible[at], at));
    fill(this.#body, rows);
    const selected = this.#body.querySelector('[aria-selected="true"]');
    if (selected) this.#scroller.setAttribute('aria-activedescendant', selected.id);
    else this.#scroller.removeAttribute('aria-activedescendant');
  }

  #row(index, at) {
    const row = this.#trace.rows[index];
    const parent = row.end > index + 1;
    const closed = this.#collapsed.has(index);
    const toggle = parent
      ? h('button', { type: 'button', class: 'toggle', tabindex: '-1', 'data-toggle': true, 'aria-label': closed ? 'Expand' : 'Collapse' }, closed ? '\u25b8' : '\u25be')
      : h('span', { class: 'toggle' });
    const indent = `${Math.min(row.depth, 24) * 14}px`;
    const attributes = {
      id: `row-${index}`, role: 'row', 'data-index': index, 'aria-level': row.depth + 1, 'aria-rowindex': index + 1,
      'aria-selected': String(index === this.#selected), 'aria-expanded': parent ? String(!closed) : null,
      style: { top: `${at * ROW}px` },
    };
    if (row.kind === 'note') {
      return h('div', { ...attributes, class: 'row note-row' },
        h('div', { class: 'name', role: 'gridcell', style: { 'padding-left': indent } }, toggle, h('span', { class: 'missing' }, `? ${row.text}`)));
    }
    const { span } = row;
    const dimmed = this.#matches && !this.#matches.has(index) ? ' dimmed' : '';
    return h('div', { ...attributes, class: `row ${span.color}${span.error ? ' failed' : ''}${dimmed}` },
      h('div', { class: 'name', role: 'gridcell', style: { 'padding-left': indent }, title: `${span.service}: ${span.name}` },
        toggle, h('span', { class: 'stripe' }),
        h('span', { class: 'service' }, span.service), h('span', { class: 'operation' }, span.name),
        closed && h('span', { class: 'hidden-count', title: 'Spans below that are not shown' }, `+${row.end - index - 1}`),
        span.error && h('span', { class: 'badge', title: 'Error' }, '!')),
      h('div', { class: 'time', role: 'gridcell' }, this.#bar(span)));
  }

  #bar(span) {
    const total = Math.max(1, this.#trace.duration);
    const from = (span.start - this.#trace.start) / total * 100;
    const width = Math.min(100 - from, span.duration / total * 100);
    // The label stands where there is room: after the bar, before it, or on it.
    const place = from + width < 82 ? 'after' : from > 18 ? 'before' : 'inside';
    const text = duration(span.duration);
    const at = place === 'after' ? { left: `${from + width}%` } : place === 'before' ? { right: `${100 - from}%` } : { left: `${from}%` };
    return [
      h('span', { class: 'bar', style: { left: `${from}%`, width: `${width}%` } }),
      h('span', { class: `label ${place}`, style: at }, text),
    ];
  }

  #reveal(at) {
    if (at < 0) return;
    const top = at * ROW;
    const height = this.#scroller.clientHeight - ROW - 8;
    if (top < this.#scroller.scrollTop) this.#scroller.scrollTop = top;
    else if (top + ROW > this.#scroller.scrollTop + height) this.#scroller.scrollTop = top + ROW - height;
  }

  #toggle(index, closed) {
    if (this.#trace.rows[index].end <= index + 1) return;
    if (closed) this.#collapsed.add(index);
    else this.#collapsed.delete(index);
    this.#lay();
  }

  #click(event) {
    const index = Number(event.target.closest('[data-index]')?.dataset.index ?? -1);
    if (index < 0) return;
    if (event.target.closest('[data-toggle]')) this.#toggle(index, !this.#collapsed.has(index));
    else this.select(index === this.#selected ? -1 : index);
  }

  #keys(event) {
    const at = this.#visible.indexOf(this.#selected);
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / ROW) - 2);
    const go = (to) => this.select(this.#visible[Math.max(0, Math.min(this.#visible.length - 1, to))] ?? -1);
    const index = this.#selected;
    const row = this.#trace.rows[index];
    const actions = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at < 0 ? 0 : at - 1),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      Home: () => go(0),
      End: () => go(this.#visible.length - 1),
      ArrowRight: () => row && (this.#collapsed.has(index) ? this.#toggle(index, false) : row.end > index + 1 && go(at + 1)),
      ArrowLeft: () => {
        if (!row) return;
        if (row.end > index + 1 && !this.#collapsed.has(index)) return this.#toggle(index, true);
        const parent = this.#trace.rows.findLastIndex((other, place) => place < index && other.depth < row.depth);
        if (parent >= 0) this.select(parent);
      },
      ' ': () => row && this.#toggle(index, !this.#collapsed.has(index)),
      Escape: () => this.select(-1),
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}
