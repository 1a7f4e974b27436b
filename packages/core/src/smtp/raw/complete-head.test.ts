// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { describe, expect, test } from 'vitest';
import { completeHead } from './complete-head.ts';

const VALUES = { id: 'order-1', messageId: '<ours@x>', date: Date.UTC(2026, 0, 1) };
const ID = 'X-Genro-Mail-ID: order-1\r\n';
const DATE = 'Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n';

const HEAD = 'From: a@x\r\nDATE: Mon, 1 Jan 2024 10:00:00 +0100\r\nMessage-Id: <ours@x>\r\nSubject: a\r\n folded\r\n';

describe('a header that somebody else wrote', () => {
  test('has our field in front and is otherwise as it was', () => {
    expect(completeHead(HEAD, VALUES)).toBe(ID + HEAD);
  });

  test('loses what is for the envelope, and what is ours', () => {
    const dropped = 'Bcc: b@x,\r\n c@x\r\nReturn-Path: <r@x>\r\nresent-bcc: d@x\r\nx-genro-mail-id: other\r\n';
    expect(completeHead(`${dropped}${HEAD}${dropped}`, VALUES)).toBe(ID + HEAD);
  });

  test('is given the date and the id that it has not', () => {
    expect(completeHead('From: a@x\r\n', VALUES)).toBe(`${DATE}Message-ID: <ours@x>\r\n${ID}From: a@x\r\n`);
  });

  test.each([
    ['another', 'Message-ID: <other@x>\r\n'],
    ['several', 'Message-ID: <ours@x>\r\nMessage-ID: <ours@x>\r\n'],
    ['none within its field', 'Message-ID:\r\n'],
  ])('with %s id has ours instead', (_, field) => {
    expect(completeHead(`${DATE}${field}From: a@x\r\n`, VALUES)).toBe(
      `Message-ID: <ours@x>\r\n${ID}${DATE}From: a@x\r\n`,
    );
  });
});
