// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The programs that the guide shows, each with its own tenant, against a real server and a relay.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createClient } from '@mail-proxy/client';
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, serveApp } from './served-app.case.ts';

const ROOT = new URL('../../../', import.meta.url);
const FOLDER = new URL('examples/clients/', ROOT);
const NODE = [process.execPath, '--conditions=mail-proxy-source'] as const;

/** A program that has not ended by then never does. */
const PATIENCE_MS = 50_000;

const LANGUAGES = [
  { name: 'curl', needs: ['bash', 'curl'], submit: ['bash', 'submit.sh'] },
  { name: 'TypeScript', needs: [], submit: [...NODE, 'submit.ts'], receive: [...NODE, 'receive.ts', '0'] },
  { name: 'Python', needs: ['python3'], submit: ['python3', 'submit.py'], receive: ['python3', 'receive.py', '0'] },
  { name: 'PHP', needs: ['php'], submit: ['php', 'submit.php'], receive: ['php', '-S', '127.0.0.1:0', 'receive.php'] },
] as const;

const sink = await startSmtpSink();
const server = await serveApp({}, { outgoing: { allowedHosts: ['127.0.0.1'] } });
await server.engine.start();
const admin = createClient({ url: server.url, token: ADMIN_TOKEN });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
});

describe.each(LANGUAGES)('the examples in $name', ({ name, needs, submit, ...rest }) => {
  const missing = needs.filter((program) => spawnSync(program, ['--version']).error !== undefined);

  test('post a message once, however often they run, tell its outcome, and take signed reports only', async (context) => {
    if (missing.length > 0) context.skip(`not installed: ${missing.join(', ')}`);
    const tenant = name.toLowerCase();
    const { api_key: token } = await admin.tenants.create({ id: tenant, name });
    await admin.accounts.create({ tenant_id: tenant, id: 'relay', host: sink.host, port: sink.port, tls: 'none' });
    const env = { ...withoutSettings(), GMP_URL: server.url, GMP_API_TOKEN: String(token) };

    await using receiver = 'receive' in rest ? await startReceiver(tenant, rest.receive, env) : null;
    const order = [...submit, tenant, 'ada@example.org'] as const;
    expect(await outputOf(order, env)).toBe(`order-${tenant}: sent\n`);
    expect(await outputOf(order, env)).toBe(`order-${tenant}: sent\n`);
    const arrived = sink.messages.filter(({ raw }) => raw.includes(`Your order ${tenant}`));
    expect(arrived).toHaveLength(1);
    if (receiver === null) return;

    const forged = await fetch(receiver.url, {
      method: 'POST',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': `${Math.floor(Date.now() / 1_000)}`,
        'webhook-signature': 'v1,eA==',
      },
      body: '{"delivery_report": [{"id": "forged", "event": "sent", "event_id": "x"}]}',
    });
    expect(forged.status).toBe(401);
    await eventually(() => expect(receiver.written()).toContain(`order-${tenant}: sent\n`));
    expect(receiver.written()).not.toContain('forged');
  });
});

/** Start the endpoint of a language and let the tenant's reports go there. */
async function startReceiver(tenant: string, [program, ...args]: readonly string[], env: NodeJS.ProcessEnv) {
  const { secret } = await admin.tenants.rotateSigningSecret({ tenant_id: tenant });
  const child = spawn(String(program), args, { cwd: FOLDER, env: { ...env, WEBHOOK_SECRET: secret } });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece) => (written += piece));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const url = await eventually(() => {
    const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(written)?.[0];
    if (found === undefined) throw new Error(`it does not listen: ${written}`);
    return found;
  });
  await admin.tenants.update({ tenant_id: tenant, client_base_url: url });
  return {
    url,
    written: () => written,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

async function outputOf([program, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(program, args, { cwd: FOLDER, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stderr).toBe('');
  return stdout;
}

/** Of the shell that runs the tests, without what it says to mail-proxy. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GMP|MAIL_PROXY)_/.test(name)));
}

test('the guide shows these programs as they are, and all of them', () => {
  const guide = readFileSync(new URL('docs/guide/from-your-language.md', ROOT), 'utf8');
  const shown = [...guide.matchAll(/^\[examples\/clients\/([\w.]+)\]\([^)]+\):\n\n```\w+\n(.*?)^```$/gms)];
  for (const [, file = '', code] of shown) {
    const lines = readFileSync(new URL(file, FOLDER), 'utf8').split('\n');
    expect(code, file).toBe(lines.filter((line) => !line.includes('SPDX-')).join('\n'));
  }
  expect(shown.map(([, file]) => file).toSorted()).toEqual(readdirSync(fileURLToPath(FOLDER)).toSorted());
});
