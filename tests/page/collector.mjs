// Starts the collector's program on free ports and stops it again.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** `{ otlp, query, output(), stop() }`: addresses without a path, and what the program printed. */
export async function startCollector(path, ...flags) {
  const child = spawn(path, ['--otlp-http', '127.0.0.1:0', '--query', '127.0.0.1:0', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ready = new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const otlp = /receives OTLP\/HTTP at (http:\S+)\/v1\/traces/.exec(output)?.[1];
      const query = /shows traces at\s+(http:\S+)/.exec(output)?.[1];
      if (otlp && query) resolve({ otlp: loopback(otlp), query: loopback(query) });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the collector ended with ${code}: ${output}`)));
  });
  const addresses = await ready;
  return {
    ...addresses,
    output: () => output,
    async stop() {
      if (child.exitCode !== null) return child.exitCode;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exit)[0];
    },
  };
}

function loopback(address) {
  return address.replace('localhost', '127.0.0.1');
}

/** Sends spans; throws unless all were accepted. */
export async function send(collector, body) {
  const response = await fetch(`${collector.otlp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const text = await response.text();
  if (response.status !== 200 || /rejectedSpans/.test(text)) throw new Error(`the collector answered ${response.status}: ${text}`);
}
