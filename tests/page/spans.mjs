// The traces that the page is tested with, as OTLP/JSON.

const MS = 1_000_000n;

function attributes(object) {
  return Object.entries(object).map(([key, value]) => ({ key, value: any(value) }));
}

function any(value) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isInteger(value)) return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  return { arrayValue: { values: value.map(any) } };
}

/** A request of these services: `{ name, scope, resource, spans }`, each span with times in ms after `start`. */
function request(start, traceId, services) {
  return {
    resourceSpans: services.map((service) => ({
      resource: { attributes: attributes({ 'service.name': service.name, ...service.resource }) },
      scopeSpans: [{
        scope: { name: service.scope ?? 'page-test', version: '1.0' },
        spans: service.spans.map((span) => ({
          traceId, spanId: span.id, parentSpanId: span.parent ?? '', flags: 0x101, name: span.name, kind: span.kind ?? 1,
          startTimeUnixNano: String(start + BigInt(Math.round(span.at * 1e6))),
          endTimeUnixNano: String(start + BigInt(Math.round((span.at + span.took) * 1e6))),
          attributes: attributes(span.attributes ?? {}),
          events: (span.events ?? []).map((event) => ({ timeUnixNano: String(start + BigInt(Math.round(event.at * 1e6))), name: event.name, attributes: attributes(event.attributes ?? {}) })),
          links: span.links ?? [],
          status: span.error === undefined ? {} : { code: 2, message: span.error },
        })),
      }],
    })),
  };
}

const id = (n) => n.toString(16).padStart(16, '0');

export const ORDER_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
export const HOSTILE_TRACE = '0000000000000000badbadbadbadbad1';
export const LARGE_TRACE = '000000000000000000000000001a46e0';
export const HOSTILE = '<img src=x onerror="window.hacked=1">';

/** An order whose payment is declined: two services, an error in both. */
export function order(now) {
  const start = BigInt(now) * MS;
  return request(start, ORDER_TRACE, [
    {
      name: 'orders', scope: 'orders.http', resource: { 'service.version': '2.4.1', 'host.name': 'web-1', 'deployment.environment.name': 'staging' },
      spans: [
        { id: id(0xa1), name: 'POST /orders', kind: 2, at: 0, took: 148.2, error: 'payment declined', attributes: { 'http.request.method': 'POST', 'url.path': '/orders', 'http.route': '/orders', 'http.response.status_code': 502, 'client.address': '203.0.113.7' } },
        { id: id(0xa2), parent: id(0xa1), name: 'validate cart', at: 1.1, took: 6.4, attributes: { 'cart.items': 3 } },
        { id: id(0xa3), parent: id(0xa1), name: 'SELECT stock', kind: 3, at: 8.2, took: 21.7, attributes: { 'db.system.name': 'postgresql', 'db.query.text': 'SELECT sku, amount\n  FROM stock\n WHERE sku = ANY($1)' } },
        { id: id(0xa4), parent: id(0xa1), name: 'POST', kind: 3, at: 31.5, took: 104.9, error: '402 from payments', attributes: { 'http.request.method': 'POST', 'server.address': 'payments', 'http.response.status_code': 402 } },
        { id: id(0xa5), parent: id(0xa1), name: 'release stock', at: 138.4, took: 8.1 },
      ],
    },
    {
      name: 'payments', scope: 'payments.http', resource: { 'service.version': '1.9.0', 'host.name': 'pay-7' },
      spans: [
        { id: id(0xb1), parent: id(0xa4), name: 'POST /charge', kind: 2, at: 34.0, took: 98.3, error: 'card was declined', attributes: { 'http.request.method': 'POST', 'http.route': '/charge', 'http.response.status_code': 402 } },
        { id: id(0xb2), parent: id(0xb1), name: 'fraud check', at: 36.2, took: 31.9, attributes: { score: 0.17, rules: ['velocity', 'country'] } },
        { id: id(0xb3), parent: id(0xb1), name: 'charge card', kind: 3, at: 69.4, took: 60.2, error: 'card was declined', attributes: { 'payment.amount': 4999, 'payment.currency': 'EUR', 'payment.retry': false, 'server.address': 'bank.example' }, events: [{ at: 128.8, name: 'exception', attributes: { 'exception.type': 'CardDeclined', 'exception.message': 'insufficient funds', 'exception.stacktrace': 'CardDeclined: insufficient funds\n  at charge (payments/card.rs:88)\n  at handle (payments/http.rs:31)' } }], links: [{ traceId: LARGE_TRACE, spanId: id(1), flags: 0x101 }] },
      ],
    },
  ]);
}

/** Every text that a sender chooses is markup. The parent of its second span is missing. */
export function hostile(now) {
  const start = BigInt(now - 4000) * MS;
  return request(start, HOSTILE_TRACE, [{
    name: HOSTILE, scope: HOSTILE, resource: { [HOSTILE]: HOSTILE },
    spans: [
      { id: id(0xc1), name: HOSTILE, at: 0, took: 5, error: HOSTILE, attributes: { [HOSTILE]: HOSTILE, url: 'javascript:window.hacked=1' }, events: [{ at: 1, name: HOSTILE, attributes: { [HOSTILE]: HOSTILE } }] },
      { id: id(0xc2), parent: id(0xdead), name: '"><script>window.hacked=1</script>', at: 2, took: 1 },
    ],
  }]);
}

/** A batch job: one root, 100 pages, 50 rows in each, 5,101 spans. */
export function large(now) {
  const start = BigInt(now - 9000) * MS;
  const spans = [{ id: id(1), name: 'nightly import', at: 0, took: 2000 }];
  for (let page = 0; page < 100; page++) {
    const pageId = id(0x1000 + page);
    spans.push({ id: pageId, parent: id(1), name: `import page ${page}`, at: page * 20, took: 19 });
    for (let row = 0; row < 50; row++) spans.push({ id: id(0x100000 + page * 100 + row), parent: pageId, name: `row ${page}.${row}`, at: page * 20 + row * 0.38, took: 0.3 });
  }
  return request(start, LARGE_TRACE, [{ name: 'importer', spans }]);
}

/** Ordinary traffic, so that the list looks like one. */
export function traffic(now) {
  const routes = ['GET /products', 'GET /products/{id}', 'GET /cart', 'POST /cart', 'GET /orders/{id}'];
  return routes.map((name, i) => {
    const start = BigInt(now - 12_000 - i * 7_300) * MS;
    const base = 0x5000 + i * 16;
    return request(start, `${(0xabc000 + i).toString(16)}77b34da6a3ce929d0e0e4700`.padStart(32, '7'), [
      { name: 'shop', spans: [{ id: id(base), name, kind: 2, at: 0, took: 24 + i * 17 }, { id: id(base + 1), parent: id(base), name: 'render', at: 14 + i * 9, took: 8 + i * 4 }] },
      { name: i % 2 ? 'catalog' : 'sessions', spans: [{ id: id(base + 2), parent: id(base), name: i % 2 ? 'find products' : 'load session', kind: 2, at: 2, took: 9 + i * 6 }] },
    ]);
  });
}
