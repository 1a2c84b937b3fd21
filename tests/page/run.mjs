// Tests of the collector's page in a real Chromium.
//
//   node tests/page/run.mjs --collector target/debug/spanline-collector [--chromium PATH] [--shots DIR] [--write-docs]
//
// Needs: Node 20 or later; `npm ci` in this folder; a Chromium (Debian: the package chromium).
// `--shots DIR` leaves a picture of each view there; `--write-docs` renews docs/waterfall.png. Without them nothing
// is written. Ends with `N passed, N failed`; exit code 0 only when none failed.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { send, startCollector } from './collector.mjs';
import { hostile, large, order, traffic } from './spans.mjs';
import { tests } from './tests.mjs';

const { values: options } = parseArgs({
  options: {
    collector: { type: 'string', default: fileURLToPath(new URL('../../target/debug/spanline-collector', import.meta.url)) },
    chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
    shots: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
});
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const collector = await startCollector(options.collector);
const browser = await chromium.launch({ executablePath: options.chromium, headless: true, args: FLAGS });
let passed = 0;
let failed = 0;
try {
  const now = Date.now();
  for (const body of [order(now), hostile(now), large(now), ...traffic(now)]) await send(collector, body);
  for (const [name, test] of Object.entries(tests)) {
    const world = await open(name);
    try {
      await test(world);
      const { noise } = world;
      if (noise.length > 0) throw new Error(noise.join('\n'));
      passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${String(error?.stack ?? error).replace(/^/gm, '        ')}`);
    } finally {
      await world.context.close();
    }
  }
  if (options.shots || options['write-docs']) await pictures();
} finally {
  await browser.close();
  const code = await collector.stop();
  if (code !== 0) {
    failed += 1;
    console.log(`FAILED  the collector stops with exit code 0\n        it was ${code}`);
  } else passed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** A fresh page; what the console complains about and what leaves this machine is noise. */
async function open(name, settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'UTC', ...settings });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const noise = [];
  const expected = (text) => name.includes('not kept') && text.includes('404');
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !expected(message.text())) noise.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => noise.push(`uncaught: ${error.stack ?? error}`));
  page.on('request', (request) => { if (!request.url().startsWith(`${collector.query}/`)) noise.push(`request to ${request.url()}`); });
  return { page, context, noise, collector, program: options.collector };
}

async function pictures() {
  const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
  for (const colorScheme of ['light', 'dark']) {
    const { page, context } = await open('pictures', { colorScheme, deviceScaleFactor: 1 });
    const save = async (name) => {
      if (!options.shots) return;
      mkdirSync(options.shots, { recursive: true });
      await page.screenshot({ path: `${options.shots}/${name}-${colorScheme}.png` });
    };
    await page.goto(`${collector.query}/`);
    await page.locator('.trace').first().waitFor();
    await save('list');
    await page.locator('.trace', { hasText: 'POST /orders' }).first().click();
    await page.locator('.row', { hasText: 'charge card' }).click();
    await page.locator('.detail').waitFor();
    await save('trace');
    if (options['write-docs'] && colorScheme === 'light') {
      mkdirSync(docs, { recursive: true });
      await page.screenshot({ path: `${docs}waterfall.png` });
    }
    await page.goto(`${collector.query}/`);
    await page.locator('.trace', { hasText: 'nightly import' }).click();
    await page.locator('.row').first().waitFor();
    await save('large');
    await page.goto(`${collector.query}/trace/0000000000000000badbadbadbadbad1`);
    await page.locator('.row').first().click();
    await save('hostile');
    await page.setViewportSize({ width: 480, height: 800 });
    await save('narrow-trace');
    await page.goto(`${collector.query}/`);
    await page.locator('.trace').first().waitFor();
    await save('narrow-list');
    await context.close();
  }
}
