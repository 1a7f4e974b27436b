// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The root of the repository, whatever the current directory is. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Time a process has to end after SIGTERM before it is killed. */
const GRACE_MS = 10_000;

/** The environment of every step: this repository's tools and its own Node first. */
function environment(step) {
  return {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    ...step.env,
    PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  };
}

/**
 * Run one command and show what it prints as it comes.
 *
 * @param {object} step
 * @param {string} step.name
 * @param {readonly string[]} step.command Program and arguments; programs of node_modules/.bin are found by name.
 * @param {string} [step.cwd] Where it runs. Default: the root of the repository.
 * @param {Record<string, string>} [step.env] Added to the environment.
 * @param {number} [step.limitMinutes] The command is stopped, and has failed, after this long.
 * @param {(line: string) => void} [step.onLine] Sees every line that it prints.
 * @returns {Promise<{ name: string, ok: boolean, ms: number, why: string }>}
 */
async function runStep(step) {
  const [program, ...args] = step.command;
  const begin = performance.now();
  const child = spawn(program, args, {
    cwd: step.cwd ?? ROOT,
    env: environment(step),
    stdio: ['ignore', ...(step.onLine ? ['pipe', 'pipe'] : ['inherit', 'inherit'])],
  });
  for (const [input, print] of [
    [child.stdout, console.log],
    [child.stderr, console.error],
  ]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      print(line);
      step.onLine(line);
    });
  }
  let timedOut = false;
  const timers = [];
  if (step.limitMinutes) {
    const stop = () => {
      timedOut = true;
      child.kill('SIGTERM');
      timers.push(setTimeout(() => child.kill('SIGKILL'), GRACE_MS));
    };
    timers.push(setTimeout(stop, step.limitMinutes * 60_000));
  }
  const why = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not start: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? '' : signal ? `ended by ${signal}` : `exit code ${code}`),
    );
  });
  for (const timer of timers) clearTimeout(timer);
  const reason = timedOut ? `longer than ${step.limitMinutes} min` : why;
  return { name: step.name, ok: reason === '', ms: performance.now() - begin, why: reason };
}

/** Run all steps, one after another, also after one has failed. */
export async function runSteps(steps) {
  const results = [];
  for (const step of steps) {
    console.log(`\n=== ${step.name}: ${step.command.join(' ')}`);
    const result = await runStep(step);
    if (!result.ok) console.log(`=== ${step.name} FAILED: ${result.why}`);
    results.push(result);
  }
  return results;
}

/** One line for each step, and one for all of them. */
export function printTable(title, steps, results) {
  const width = Math.max(title.length, ...results.map((result) => result.name.length));
  const row = (name, time, limit, outcome) =>
    console.log(`${name.padEnd(width)}  ${time.padStart(8)}  ${limit.padStart(8)}  ${outcome}`);
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
  console.log('');
  row(title, 'time', 'limit', 'result');
  for (const [index, result] of results.entries()) {
    const limit = steps[index].limitMinutes;
    row(result.name, seconds(result.ms), limit ? `${limit} min` : '', result.ok ? 'ok' : `FAILED, ${result.why}`);
  }
  const failed = results.filter((result) => !result.ok).length;
  const total = results.reduce((sum, result) => sum + result.ms, 0);
  row('all', seconds(total), '', failed === 0 ? 'ok' : `${failed} FAILED`);
}
