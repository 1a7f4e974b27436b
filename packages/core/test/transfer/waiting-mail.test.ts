// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { exportDatabase, importDatabase, type MailEngine } from '@mail-proxy/core';
import { createDatabase, startReportReceiver, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { MESSAGE_STATES } from '../../src/entities/message/message-state.ts';
import { dumpPostgres, dumpSqlite } from './dump.case.ts';
import { DUE, KEY, leaveMail, openEngine, REPORT_TOKEN, USERS } from './waiting-mail.case.ts';

const skip = inject('pgSkip');
const encryptionKey = KEY;

describe.skipIf(skip !== '')(
  'mail in every state, moved from SQLite to PostgreSQL and back',
  { timeout: 90_000 },
  () => {
    test('is the same, and an engine on the new database delivers what waits, with its secrets', async () => {
      using dir = tempDir();
      await using postgres = await createDatabase(inject('pgUrl') ?? '');
      await using sink = await startSmtpSink({ users: USERS });
      await using receiver = await startReportReceiver();
      const [old, back] = [dir.file('old.db'), dir.file('back.db')];
      await leaveMail(old, { port: sink.port, reportUrl: receiver.url });
      const before = dumpSqlite(old);
      const states = new Set(before['messages']?.map((row) => /"state","(\w+)"/.exec(row)?.[1]));
      expect(states).toEqual(new Set(MESSAGE_STATES));

      await exportDatabase({ config: { database: old, encryptionKey }, folder: dir.file('one') });
      await importDatabase({ config: { database: postgres.url, encryptionKey }, folder: dir.file('one') });
      expect(await dumpPostgres(postgres.url)).toEqual(before);
      await exportDatabase({ config: { database: postgres.url, encryptionKey }, folder: dir.file('two'), gzip: true });
      await importDatabase({ config: { database: back, encryptionKey }, folder: dir.file('two') });
      expect(dumpSqlite(back)).toEqual(before);

      for (const database of [postgres.url, back]) {
        const already = sink.messages.length;
        const called = receiver.requests.length;
        await using engine = await openEngine(database);
        await engine.start();
        // Numbers of sessions go on, those of rows that were deleted counted in.
        expect(await engine.execute('instance.get', {})).toMatchObject({ session: 78 });
        await engine.execute('instance.resume', {});
        await sink.waitFor(already + DUE.length);
        await untilSent(engine, DUE);
        const arrived = sink.messages.slice(already);
        expect(arrived.map(({ headers }) => headers.get('subject')?.[0] ?? '').toSorted()).toEqual(DUE.toSorted());
        expect(arrived.map(({ user }) => user)).toEqual(DUE.map(() => 'user'));
        for (const { raw } of arrived) expect(raw.toString('latin1')).toMatch(/^DKIM-Signature: /m);
        const request = await receiver.waitForRequests((each) => each.n > called && each.reports.length > 0);
        expect(request.headers.authorization).toBe(`Bearer ${REPORT_TOKEN}`);
        expect(await engine.execute('messages.get', { message_id: 'doubtful' })).toMatchObject({ state: 'in_doubt' });
        expect(await engine.execute('messages.get', { message_id: 'parked' })).toMatchObject({ state: 'suspended' });
      }
    });
  },
);

describe('the encryption key', () => {
  test('of a new database must open the secrets of the archive, and is taken from the file that is named', async () => {
    using dir = tempDir();
    await using sink = await startSmtpSink({ users: USERS });
    const [old, fresh, folder] = [dir.file('old.db'), dir.file('new.db'), dir.file('archive')];
    await leaveMail(old, { port: sink.port, reportUrl: 'http://127.0.0.1:1' });
    await exportDatabase({ config: { database: old }, folder });
    const keyFile = dir.file('old.key');
    writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });

    const without = importDatabase({ config: { database: fresh }, folder });
    await expect(without).rejects.toMatchObject({
      code: 'sealed_with_unknown_key',
      message: expect.stringMatching(/accounts\.password.*--encryption-key-file/s),
    });
    const other = Buffer.alloc(32, 9).toString('base64');
    const wrong = importDatabase({ config: { database: fresh, encryptionKey: other }, folder });
    await expect(wrong).rejects.toMatchObject({ code: 'sealed_with_unknown_key' });
    const two = importDatabase({ config: { database: fresh, encryptionKey: other }, folder, sourceKeyFile: keyFile });
    await expect(two).rejects.toMatchObject({ code: 'invalid_config' });
    expect(existsSync(fresh)).toBe(false);

    await importDatabase({ config: { database: fresh }, folder, sourceKeyFile: keyFile });
    expect(readFileSync(`${fresh}.key`, 'utf8').trim()).toBe(KEY);
    const careless = dir.file('careless.db');
    const result = await importDatabase({ config: { database: careless }, folder, allowUnreadableSecrets: true });
    expect(result.unreadableKeys).toHaveLength(1);
    expect(existsSync(`${careless}.key`)).toBe(false);
  });
});

async function untilSent(engine: MailEngine, ids: readonly string[]): Promise<void> {
  const left = new Set(ids);
  for await (const event of engine.events()) {
    if (event.event === 'sent') left.delete(event.id ?? '');
    if (left.size === 0) return;
  }
}
