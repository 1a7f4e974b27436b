// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KnownValues } from './schema-values.ts';

/**
 * Values for the fields that would lead a server elsewhere, or keep it waiting: all of them lead to this machine, to a
 * port where something may listen or to one where nothing does.
 *
 * @param often - what else is known, such as the ids of things that are there
 */
export function loopbackValues(port: number, often: KnownValues['often']): KnownValues {
  const hosts = [
    ...Array<string>(6).fill('127.0.0.1'),
    'localhost',
    '::1',
    'nothing.invalid',
    '',
    'no host',
    '127.0.0.1\r\n',
    '\0',
  ];
  const urls = ['http://127.0.0.1:1/', 'https://127.0.0.1:1/x', 'http://[::1]:1/', 'http://nothing.invalid/', 'ftp:x'];
  return {
    always: {
      host: hosts,
      tls_servername: hosts,
      port: [port, port, port, 1, 65_535.5, 0, 65_536, -1],
      client_base_url: urls,
      token_url: urls,
      public_base_url: urls,
      storage_url: ['file:///nothing', 's3://nothing', 'nothing', ''],
      protocol: ['local', 'nothing', ''],
      wait: ['0', '-1', 'x'],
      timeout_ms: [1_000, 0, 1e9],
    },
    often: {
      from: ['a@example.net', 'Ann <a@example.net>', 'zoë@bücher.example'],
      to: ['b@example.org', ['b@example.org', 'Bob <c@example.org>'], 'Team: b@example.org, c@example.org;'],
      cc: ['d@example.org', []],
      bcc: ['e@example.org'],
      address: ['b@example.org'],
      recipient: ['b@example.org'],
      domain: ['example.net'],
      storage_path: ['base64:SGVsbG8=', 'http://127.0.0.1:1/x', '/etc/passwd', '../x', 'part:file', 'base64:%'],
      mail_base64: [Buffer.from('Subject: Hi\r\n\r\nHi\r\n').toString('base64')],
      ip_ranges: [['127.0.0.0/8'], ['::/0']],
      ...often,
    },
  };
}
