// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { startReportReceiver } from './report-receiver.ts';

async function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
}

describe('report receiver', () => {
  test('records each call and answers ok', async () => {
    await using receiver = await startReportReceiver();
    const both = receiver.waitForReports((report) => report['id'] === 'b');
    const response = await post(`${receiver.url}/sync?x=1`, { delivery_report: [{ id: 'a' }, { id: 'b' }] });
    expect(await response.json()).toEqual({ ok: true, queued: 0 });
    await post(receiver.url, { delivery_report: [] });
    expect(await both).toEqual({ id: 'b' });
    expect(receiver.reports).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(receiver.requests).toMatchObject([
      { n: 1, method: 'POST', path: '/sync?x=1', body: { delivery_report: [{ id: 'a' }, { id: 'b' }] } },
      { n: 2, reports: [] },
    ]);
  });

  test('answers as told: a status, raw bytes, a cut connection', async () => {
    await using receiver = await startReportReceiver({
      answer(_body, n) {
        if (n === 1) return { status: 503, headers: { 'retry-after': '7' } };
        if (n === 2) return { raw: '{"ok":' };
        return { destroy: true };
      },
    });
    const refused = await post(receiver.url, {});
    expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([503, '7', '']);
    expect(await (await post(receiver.url, {})).text()).toBe('{"ok":');
    await expect(post(receiver.url, {})).rejects.toThrow('fetch failed');
  });

  test('a body that is no JSON is kept as it came', async () => {
    await using receiver = await startReportReceiver();
    await post(receiver.url, 'not json');
    expect(receiver.requests[0]?.body).toBeUndefined();
    expect(receiver.requests[0]?.rawBody.toString()).toBe('not json');
  });

  test('closing does not wait for a call that hangs', async () => {
    const receiver = await startReportReceiver({ answer: () => ({ hang: true }) });
    const call = expect(post(receiver.url, {})).rejects.toThrow('fetch failed');
    await receiver.waitForRequests(1);
    await receiver.close();
    await call;
  });
});
