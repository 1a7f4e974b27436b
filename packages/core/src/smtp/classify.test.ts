// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyConnectError, classifyFault, classifyReply } from './classify.ts';
import { SMTP_STAGES, type SmtpFaultRecord, type SmtpStage } from './reply.ts';
import { SmtpConnectError } from './session.types.ts';

/** Code, enhanced status, stage, and what is wanted. */
const EXAMPLES: readonly (readonly [number, string | null, SmtpStage, string])[] = [
  // The connection.
  [421, null, 'greeting', 'temporary path'],
  [421, '4.7.0', 'mail', 'temporary path'],
  [421, null, 'auth', 'temporary path'],
  [421, '4.4.2', 'dot', 'temporary path'],
  [554, null, 'greeting', 'temporary path'],
  [521, '5.3.2', 'greeting', 'temporary path'],
  [550, '5.7.1', 'ehlo', 'temporary path'],
  [503, null, 'rset', 'temporary path'],
  // The account.
  [535, '5.7.8', 'auth', 'temporary account'],
  [535, null, 'auth', 'temporary account'],
  [534, '5.7.9', 'auth', 'temporary account'],
  [538, '5.7.11', 'auth', 'temporary account'],
  [454, '4.7.0', 'auth', 'temporary account'],
  [432, '4.7.12', 'auth', 'temporary account'],
  [500, null, 'auth', 'temporary account'],
  [550, '5.7.30', 'auth', 'temporary account'],
  [550, '5.7.30', 'mail', 'temporary account'],
  [530, null, 'mail', 'temporary account'],
  [530, '5.7.0', 'rcpt', 'temporary account'],
  [535, '5.7.139', 'auth', 'temporary account'],
  [530, '5.7.57', 'mail', 'temporary account'],
  [550, '5.7.0', 'mail', 'temporary account'],
  [501, null, 'starttls', 'temporary account'],
  [454, null, 'starttls', 'temporary path'],
  // Size and number.
  [552, '5.3.4', 'mail', 'permanent message'],
  [552, null, 'mail', 'permanent message'],
  [552, '5.2.3', 'dot', 'permanent message'],
  [552, null, 'rcpt', 'permanent recipient'],
  [452, '4.5.3', 'rcpt', 'temporary recipient'],
  [550, '5.5.3', 'rcpt', 'temporary recipient'],
  [452, '4.3.1', 'mail', 'temporary path'],
  // Recipients.
  [550, '5.1.1', 'rcpt', 'permanent recipient'],
  [550, '5.1.10', 'rcpt', 'permanent recipient'],
  [550, '5.2.1', 'rcpt', 'permanent recipient'],
  [452, '4.2.2', 'rcpt', 'temporary recipient'],
  [552, '5.2.2', 'rcpt', 'permanent recipient'],
  [550, null, 'rcpt', 'permanent recipient'],
  [553, null, 'rcpt', 'permanent recipient'],
  [551, null, 'rcpt', 'permanent recipient'],
  [450, null, 'rcpt', 'temporary recipient'],
  [550, '5.1.1', 'dot', 'permanent message'],
  [450, '5.1.1', 'rcpt', 'temporary recipient'],
  // Senders.
  [553, '5.1.8', 'rcpt', 'permanent message'],
  [501, '5.1.7', 'mail', 'permanent message'],
  [553, null, 'mail', 'permanent message'],
  // Policy.
  [554, '5.7.1', 'dot', 'permanent policy'],
  [550, '5.7.26', 'dot', 'permanent policy'],
  [554, '5.7.1', 'rcpt', 'permanent policy'],
  [554, null, 'rcpt', 'permanent policy'],
  [550, null, 'dot', 'permanent policy'],
  [550, '5.7.9', 'dot', 'permanent policy'],
  [550, '5.7.8', 'mail', 'temporary account'],
  [571, null, 'dot', 'permanent message'],
  [450, '4.7.1', 'rcpt', 'temporary policy'],
  [451, '4.7.650', 'mail', 'temporary policy'],
  // Everything else.
  [554, null, 'dot', 'permanent message'],
  [554, '5.6.0', 'dot', 'permanent message'],
  [553, '5.6.7', 'mail', 'permanent message'],
  [451, null, 'rcpt', 'temporary path'],
  [451, '4.3.0', 'dot', 'temporary path'],
  [554, '5.4.6', 'dot', 'permanent path'],
  [503, '5.5.1', 'data', 'permanent path'],
  [426, null, 'dot', 'temporary path'],
  [570, '5.7.7', 'rcpt', 'permanent policy'],
];

const anyStage = fc.constantFrom(...SMTP_STAGES);
const anyEnhanced = fc.option(
  fc.oneof(
    fc.tuple(fc.nat(9), fc.nat(9), fc.nat(80)).map((parts) => parts.join('.')),
    fc.string({ maxLength: 12 }),
  ),
);

describe('classifyReply', () => {
  test.each(EXAMPLES)('%i %s at %s is %s', (code, enhanced, stage, wanted) => {
    const { permanence, verdict } = classifyReply({ code, enhanced }, stage);
    expect(`${permanence} ${verdict}`).toBe(wanted);
  });

  test('every code, status and stage has a classification, and only 5xx is ever permanent', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 1_000 }), anyEnhanced, anyStage, (code, enhanced, stage) => {
        const { permanence, verdict } = classifyReply({ code, enhanced }, stage);
        expect(['recipient', 'message', 'account', 'path', 'policy']).toContain(verdict);
        if (code < 500 || code > 599) expect(permanence).toBe('temporary');
        else expect(['temporary', 'permanent']).toContain(permanence);
      }),
    );
  });

  test('a wrong account or path never fails mail before MAIL', () => {
    const stages = fc.constantFrom<SmtpStage>('connect', 'greeting', 'ehlo', 'starttls', 'auth');
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), anyEnhanced, stages, (code, enhanced, stage) => {
        const { permanence, verdict } = classifyReply({ code, enhanced }, stage);
        expect(permanence).toBe('temporary');
        expect(['account', 'path']).toContain(verdict);
      }),
    );
  });

  test('a recipient is blamed for replies to its own RCPT only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), anyEnhanced, anyStage, (code, enhanced, stage) => {
        if (classifyReply({ code, enhanced }, stage).verdict === 'recipient') expect(stage).toBe('rcpt');
      }),
    );
  });

  test('an account at fault never fails the mail', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), anyEnhanced, anyStage, (code, enhanced, stage) => {
        const { permanence, verdict } = classifyReply({ code, enhanced }, stage);
        if (verdict === 'account') expect(permanence).toBe('temporary');
      }),
    );
  });
});

describe('classifyFault', () => {
  const kinds: readonly SmtpFaultRecord['kind'][] = [
    'dns',
    'refused',
    'reset',
    'closed',
    'timeout',
    'tls',
    'protocol',
    'unsupported',
    'aborted',
  ];

  test('every kind at every stage is temporary, TLS and missing features the account, the rest the path', () => {
    for (const kind of kinds) {
      for (const stage of SMTP_STAGES) {
        const verdict = kind === 'tls' || kind === 'unsupported' ? 'account' : 'path';
        expect(classifyFault({ kind, stage })).toEqual({ permanence: 'temporary', verdict });
      }
    }
  });
});

describe('classifyConnectError', () => {
  test('the reply decides where there is one, the fault where there is none', () => {
    const wrongPassword = new SmtpConnectError(
      { kind: 'refused', stage: 'auth', text: '535' },
      { code: 535, enhanced: '5.7.8', text: '' },
    );
    expect(classifyConnectError(wrongPassword)).toEqual({ permanence: 'temporary', verdict: 'account' });
    const noRoute = new SmtpConnectError({ kind: 'refused', stage: 'connect', text: 'ECONNREFUSED' });
    expect(classifyConnectError(noRoute)).toEqual({ permanence: 'temporary', verdict: 'path' });
  });
});
