// Which view is shown, and the collector's state in the corner.

import { getJson } from './dom.js';
import { bytes, count } from './format.js';
import { showList } from './list.js';
import { showTrace } from './trace.js';

const main = document.getElementById('main');
let leave = () => {};

function show() {
  leave();
  const id = /^\/trace\/([0-9a-fA-F]{1,32})$/.exec(location.pathname)?.[1];
  leave = id ? showTrace(main, id) : showList(main);
}

// Links inside the page change the view without loading it again; with a modifier key they are ordinary links.
document.addEventListener('click', (event) => {
  const anchor = event.target.closest?.('a[href]');
  const modified = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!anchor || modified || anchor.origin !== location.origin || event.defaultPrevented) return;
  event.preventDefault();
  history.pushState(null, '', anchor.href);
  show();
  scrollTo(0, 0);
});
addEventListener('popstate', show);

async function refreshStatus() {
  const element = document.getElementById('status');
  try {
    const status = await getJson('/api/status');
    const { traces, spans, bytes: used, limitBytes } = status.kept;
    element.textContent = `${count(traces, 'trace')}, ${count(spans, 'span')}, ${bytes(used)} of ${bytes(limitBytes)}`;
    const rejected = Object.values(status.spans.rejected).reduce((sum, n) => sum + n, 0);
    if (rejected > 0) element.textContent += `, ${rejected.toLocaleString('en')} rejected`;
    element.title = `Spanline ${status.version}: ${count(status.spans.received, 'span')} received, ${count(status.evicted.traces, 'trace')} let go for memory`;
    element.classList.remove('bad');
  } catch {
    element.textContent = 'the collector does not answer';
    element.classList.add('bad');
  }
}

show();
refreshStatus();
setInterval(() => document.hidden || refreshStatus(), 3000);
