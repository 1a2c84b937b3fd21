// Numbers and times for people, and the colours of services.

/** A duration in microseconds. */
export function duration(us) {
  if (us < 1) return us > 0 ? `${Math.round(us * 1000)} ns` : '<1 \u00b5s';
  if (us < 999.5) return `${digits(us)} \u00b5s`;
  if (us < 999_500) return `${digits(us / 1e3)} ms`;
  if (us < 60e6) return `${digits(us / 1e6)} s`;
  const seconds = Math.floor(us / 1e6);
  const two = (n) => String(n).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two(Math.floor(seconds / 60) % 60)}m`;
}

function digits(value) {
  return String(Number(value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)));
}

/** `1 span`, `1,234 spans`. */
export function count(n, noun) {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23', timeZoneName: 'short' });

/** The time of day; with the day when that is not today. */
export function time(us) {
  const date = new Date(us / 1000);
  if (Number.isNaN(date.getTime())) return 'unknown';
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

/** The whole date and time. */
export function dateTime(us) {
  const date = new Date(us / 1000);
  return Number.isNaN(date.getTime()) ? 'unknown' : full.format(date);
}

/** How long ago, roughly. */
export function ago(us) {
  const seconds = Math.max(0, Date.now() / 1000 - us / 1e6);
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** Bytes with a unit. */
export function bytes(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${digits(n / 1024)} KiB`;
  return `${digits(n / 1024 / 1024)} MiB`;
}

const COLORS = 10;
const given = new Map();

/** The class that colours a service: one of ten, by name, moved on while another name of this page has it. */
export function color(service) {
  let slot = given.get(service);
  if (slot === undefined) {
    let hash = 2166136261;
    for (const c of service) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
    slot = hash % COLORS;
    const taken = new Set(given.values());
    for (let tries = 0; taken.has(slot) && tries < COLORS; tries++) slot = (slot + 1) % COLORS;
    given.set(service, slot);
  }
  return `c${slot}`;
}
