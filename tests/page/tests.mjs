// What a person sees and does, one test after the other; each gets a fresh page.

import assert from 'node:assert/strict';
import { send, startCollector } from './collector.mjs';
import { HOSTILE, HOSTILE_TRACE, LARGE_TRACE, ORDER_TRACE, hostile, order } from './spans.mjs';

const text = (locator) => locator.innerText().then((value) => value.replace(/\s+/g, ' ').trim());
const texts = (locator) => locator.allInnerTexts().then((all) => all.map((value) => value.replace(/\s+/g, ' ').trim()));

async function openTrace({ page, collector }, id = ORDER_TRACE) {
  await page.goto(`${collector.query}/trace/${id}`);
  await page.locator('.row').first().waitFor();
}

/** Waits until `read()` gives `wanted`. */
async function eventually(read, wanted) {
  const end = Date.now() + 10_000;
  let last;
  do {
    last = await read();
    if (JSON.stringify(last) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() < end);
  assert.deepEqual(last, wanted);
}

export const tests = {
  async 'the list shows root, services, spans, duration and errors'({ page, collector }) {
    await page.goto(`${collector.query}/`);
    const row = page.locator('.trace', { hasText: 'POST /orders' });
    await row.waitFor();
    assert.equal(await text(row.locator('.what')), 'POST /orders orders');
    assert.deepEqual(await texts(row.locator('.chip')), ['orders 5', 'payments 3']);
    assert.equal(await text(row.locator('> .number')), '8');
    assert.equal(await text(row.locator('.took-text')), '148 ms ! 4');
    assert.equal(await page.locator('.trace').count(), 8);
    assert.equal(await page.title(), 'Traces - Spanline');
    assert.match(await text(page.locator('#status')), /^8 traces, /);
  },

  async 'the list is filtered by service, text and errors'({ page, collector }) {
    await page.goto(`${collector.query}/`);
    await page.locator('.trace').first().waitFor();
    await page.locator('#service').selectOption('payments');
    await eventually(() => texts(page.locator('.what strong')), ['POST /orders']);
    await page.locator('#service').selectOption('');
    await page.keyboard.press('Escape');
    await page.locator('#text').fill('LOAD session');
    await eventually(() => page.locator('.trace').count(), 3);
    assert.equal(await text(page.locator('.found')), '3 traces found');
    await page.locator('#text').fill('no such thing');
    await eventually(() => texts(page.locator('.note')), ['No trace matches the filters.']);
    await page.locator('#text').fill('');
    await page.locator('#errors').check();
    await eventually(() => page.locator('.trace').count(), 2);
    await page.reload();
    await eventually(() => page.locator('.trace').count(), 2);
    assert.equal(await page.locator('#errors').isChecked(), true);
  },

  async 'a new trace appears in the list by itself, and not while it is paused'({ page, program, noise }) {
    const own = await startCollector(program, '--quiet');
    try {
      await page.goto(`${own.query}/`);
      await eventually(() => texts(page.locator('.welcome h2')), ['Waiting for the first trace']);
      await send(own, order(Date.now()));
      await eventually(() => texts(page.locator('.what strong')), ['POST /orders']);
      await page.getByRole('button', { name: 'Live' }).click();
      assert.equal(await page.getByRole('button', { name: 'Paused' }).getAttribute('aria-pressed'), 'true');
      await send(own, hostile(Date.now()));
      await eventually(async () => (await text(page.locator('#status'))).split(',')[0], '2 traces');
      assert.equal(await page.locator('.trace').count(), 1);
      await page.getByRole('button', { name: 'Paused' }).click();
      await eventually(() => page.locator('.trace').count(), 2);
      // Requests to this other collector are as good as those to the one of all tests.
      const foreign = noise.splice(0).filter((line) => !line.startsWith(`request to ${own.query}/`));
      noise.push(...foreign);
    } finally {
      await own.stop();
    }
  },

  async 'clicks lead from the list to the waterfall and to a span, and back'({ page, collector }) {
    await page.goto(`${collector.query}/`);
    await page.locator('.trace', { hasText: 'POST /orders' }).click();
    await page.locator('.row').first().waitFor();
    assert.equal(new URL(page.url()).pathname, `/trace/${ORDER_TRACE}`);
    assert.deepEqual(await texts(page.locator('.row .operation')), ['POST /orders', 'validate cart', 'SELECT stock', 'POST', 'POST /charge', 'fraud check', 'charge card', 'release stock']);
    assert.deepEqual(await page.locator('.row').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-level'))), ['1', '2', '2', '2', '3', '4', '4', '2']);
    assert.equal(await page.locator('.row .badge').count(), 4);
    assert.equal(await text(page.locator('.summary')), `148 ms 8 spans 4 levels 4 errors ${await text(page.locator('.summary li').last())}`);
    await page.locator('.row', { hasText: 'charge card' }).click();
    const detail = page.locator('.detail');
    await detail.waitFor();
    await detail.locator('summary', { hasText: 'Resource' }).click();
    const shown = await text(detail);
    for (const part of ['payments', 'charge card', '! Error', 'card was declined', '60.2 ms', '+69.4 ms', 'client', 'payment.amount 4999', 'payment.retry false', 'exception', 'insufficient funds', 'payments/card.rs:88', 'host.name pay-7', LARGE_TRACE, 'payments.http 1.0', '00000000000000b3']) {
      assert.ok(shown.includes(part), `${part} is missing in: ${shown}`);
    }
    await page.goBack();
    await page.locator('.trace').first().waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
  },

  async 'bars stand where the spans are in time'({ page, collector }) {
    await openTrace({ page, collector });
    const box = (name) => page.locator('.row', { has: page.locator(`.operation:text-is("${name}")`) }).locator('.bar').boundingBox();
    const root = await box('POST /orders');
    const charge = await box('charge card');
    assert.ok(Math.abs((charge.x - root.x) / root.width - 69.4 / 148.2) < 0.01);
    assert.ok(Math.abs(charge.width / root.width - 60.2 / 148.2) < 0.01);
    assert.deepEqual((await texts(page.locator('.tick'))).slice(0, 1), ['0']);
    assert.equal(await text(page.locator('.tick').last()), '148 ms');
  },

  async 'rows collapse and expand, by mouse and by keys'({ page, collector }) {
    await openTrace({ page, collector });
    const rows = () => page.locator('.row').count();
    await page.locator('.row', { hasText: 'POST /charge' }).getByRole('button').click();
    await eventually(rows, 6);
    assert.equal(await text(page.locator('.hidden-count')), '+2');
    await page.getByRole('button', { name: 'Expand all' }).click();
    await eventually(rows, 8);
    await page.locator('.tools button', { hasText: 'Collapse' }).click();
    await eventually(rows, 5);
    await page.locator('.waterfall').focus();
    for (const key of ['Home', 'ArrowLeft']) await page.keyboard.press(key);
    await eventually(rows, 1);
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    await eventually(() => texts(page.locator('[aria-selected=true] .operation')), ['POST']);
    await page.keyboard.press('ArrowRight');
    await eventually(rows, 6);
    await page.keyboard.press('Escape');
    await eventually(() => page.locator('.detail').count(), 0);
  },

  async 'spans are found by text, and errors one after the other'({ page, collector }) {
    await openTrace({ page, collector });
    await page.keyboard.press('/');
    await page.keyboard.type('velocity');
    await eventually(() => texts(page.locator('.tools .found')), ['1 match']);
    assert.equal(await page.locator('.row.dimmed').count(), 7);
    await page.keyboard.press('Enter');
    await eventually(() => texts(page.locator('.detail h2')), ['fraud check']);
    await page.locator('#find').fill('');
    const next = page.getByRole('button', { name: 'Next error' });
    await next.click();
    await eventually(() => texts(page.locator('.detail h2')), ['charge card']);
    await next.click();
    await eventually(() => texts(page.locator('.detail h2')), ['POST /orders']);
  },

  async 'a link to a span opens it'({ page, collector }) {
    await page.goto(`${collector.query}/trace/${ORDER_TRACE}#00000000000000b2`);
    await eventually(() => texts(page.locator('.detail h2')), ['fraud check']);
    await page.locator('.as-link').click();
    await eventually(() => texts(page.locator('.detail h2')), ['POST /charge']);
  },

  async 'hostile text is shown as text and runs nothing'({ page, collector }) {
    await page.goto(`${collector.query}/`);
    await page.locator('.what strong', { hasText: HOSTILE }).waitFor();
    await openTrace({ page, collector }, HOSTILE_TRACE);
    assert.deepEqual(await texts(page.locator('.row .operation')), [HOSTILE, '"><script>window.hacked=1</script>']);
    assert.deepEqual(await texts(page.locator('.row .missing')), ['? Parent span 000000000000dead was not received']);
    await page.locator('.row').first().click();
    await page.locator('.detail summary', { hasText: 'Resource' }).click();
    const shown = await text(page.locator('.detail'));
    assert.ok(shown.split(HOSTILE).length > 8, shown);
    assert.ok(shown.includes('javascript:window.hacked=1'));
    assert.equal(await page.locator('main img, main script, a[href^=javascript]').count(), 0);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  },

  async 'markup that got in all the same would not run'({ page, collector }) {
    const response = await page.goto(`${collector.query}/`);
    const policy = response.headers()['content-security-policy'];
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) assert.ok(policy.includes(part), policy);
    assert.ok(!/unsafe|http:|https:|\*/.test(policy), policy);
  },

  async 'a trace of 5,101 spans stays usable'({ page, collector }) {
    await openTrace({ page, collector }, LARGE_TRACE);
    assert.match(await text(page.locator('.summary')), /5,101 spans/);
    assert.ok(await page.locator('.row').count() < 100);
    await page.keyboard.press('End');
    await eventually(() => texts(page.locator('[aria-selected=true] .operation')), ['row 99.49']);
    await page.keyboard.press('/');
    await page.keyboard.type('row 50.7');
    await page.keyboard.press('Enter');
    await eventually(() => texts(page.locator('.detail h2')), ['row 50.7']);
    await page.locator('.tools button', { hasText: 'Collapse' }).click();
    await page.locator('.waterfall').focus();
    await page.keyboard.press('Home');
    await eventually(() => texts(page.locator('[aria-selected=true] .operation')), ['nightly import']);
  },

  async 'a trace that is not kept is said to be gone'({ page, collector }) {
    await page.goto(`${collector.query}/trace/00000000000000000000000000000fff`);
    await eventually(() => texts(page.locator('.welcome h2')), ['This trace is not here']);
    await page.getByRole('link', { name: 'All traces' }).click();
    await page.locator('.trace').first().waitFor();
  },

  async 'the whole way goes by keyboard alone'({ page, collector }) {
    await page.goto(`${collector.query}/`);
    await page.locator('.trace').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('POST /orders');
    await eventually(() => page.locator('.trace').count(), 1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.row').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await eventually(() => texts(page.locator('.detail h2')), ['POST /orders']);
    assert.equal(await page.locator('.waterfall').getAttribute('aria-activedescendant'), 'row-0');
  },
};
