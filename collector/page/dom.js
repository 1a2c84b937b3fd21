// Elements are built here and nowhere else. Text only ever becomes a text node, so nothing that a span says can
// become markup.

/** Makes an element. `props`: `class`, `on` (listeners), `style` (properties), other keys are attributes. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') element.className = value;
    else if (key === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === 'style') for (const [name, part] of Object.entries(value)) element.style.setProperty(name, part);
    else element.setAttribute(key, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces what is inside an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** Fetches JSON of our own API; an error answer becomes an Error with its text and `code`. */
export async function getJson(path, signal) {
  const response = await fetch(path, { signal, headers: { accept: 'application/json' } });
  const body = await response.json().catch(() => null);
  if (!response.ok) {
    const known = body?.errors?.[0];
    throw Object.assign(new Error(known?.msg ?? `The collector answered ${response.status}.`), { code: response.status });
  }
  return body;
}

/** A link inside the page that does not load it again. */
export function link(href, props, ...children) {
  return h('a', { href, ...props }, ...children);
}
