// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReplyRule } from './classification.types.ts';
import { BASE_VERDICTS, REPLY_RULES } from './classification-rules.ts';
import { REPLY_VECTORS } from './classification-vectors.case.ts';
import { classifyConnectError, classifyFault, classifyReply, isClosing, isTooManyRecipients } from './classify.ts';
import { SMTP_STAGES, type SmtpFaultRecord, type SmtpStage } from './reply.ts';
import { SmtpConnectError } from './session.types.ts';

const anyStage = fc.constantFrom(...SMTP_STAGES);
const anyCode = fc.integer({ min: -1, max: 1_000 });
const anyEnhanced = fc.option(
  fc.oneof(
    fc.tuple(fc.nat(9), fc.nat(9), fc.nat(80)).map((parts) => parts.join('.')),
    fc.tuple(fc.constantFrom('4', '5'), fc.nat(7), fc.nat(80)).map((parts) => parts.join('.')),
    fc.string({ maxLength: 12 }),
  ),
);
const anyRule: fc.Arbitrary<ReplyRule> = fc.record({
  stages: fc.option(fc.subarray([...SMTP_STAGES], { minLength: 1 }), { nil: undefined }),
  codes: fc.option(fc.array(fc.integer({ min: 400, max: 599 }), { minLength: 1 }), { nil: undefined }),
  status: fc.option(fc.array(fc.constantFrom('x.7', '5.7', '4.1', 'x.1.1'), { minLength: 1 }), { nil: undefined }),
  class: fc.constantFrom(4, 5, undefined),
  verdict: fc.constantFrom('recipient', 'message', 'account', 'path', 'policy'),
  permanence: fc.constantFrom('temporary', 'permanent', undefined),
});

const textOf = (code: number, enhanced: string | null, stage: SmtpStage, rules: readonly ReplyRule[] = []): string => {
  const { permanence, verdict } = classifyReply({ code, enhanced }, stage, rules);
  return `${permanence} ${verdict}`;
};

describe('classifyReply', () => {
  test.each(REPLY_VECTORS)('%i %s at %s (%s) is %s', (...vector) => {
    const [code, enhanced, stage, text, wanted] = vector;
    const reply = { code, enhanced, text };
    const { permanence, verdict } = classifyReply(reply, stage);
    expect(`${permanence} ${verdict}`).toBe(wanted);
  });

  test('no two vectors ask the same', () => {
    const asked = REPLY_VECTORS.map(([code, enhanced, stage]) => `${code} ${enhanced} ${stage}`);
    expect(asked).toEqual([...new Set(asked)]);
    expect(asked.length).toBeGreaterThanOrEqual(120);
  });

  test.each(REPLY_RULES.map((rule, index) => [index, rule.source, rule] as const))(
    'rule %i (%s) decides one of the vectors',
    (_index, _source, rule) => {
      const probe = { ...rule, verdict: rule.verdict === 'path' ? 'policy' : 'path' } as const;
      const at = REPLY_RULES.indexOf(rule);
      const before: readonly ReplyRule[] = [...REPLY_RULES.slice(0, at), probe];
      const isChanged = REPLY_VECTORS.some(
        ([code, enhanced, stage]) => textOf(code, enhanced, stage, before) !== textOf(code, enhanced, stage),
      );
      expect(isChanged).toBe(true);
    },
  );

  test('every code, status and stage has a classification, and only 5xx is ever permanent', () => {
    fc.assert(
      fc.property(anyCode, anyEnhanced, anyStage, (code, enhanced, stage) => {
        const { permanence, verdict } = classifyReply({ code, enhanced }, stage);
        expect(['recipient', 'message', 'account', 'path', 'policy']).toContain(verdict);
        if (code < 500 || code > 599) expect(permanence).toBe('temporary');
        else expect(['temporary', 'permanent']).toContain(permanence);
      }),
    );
  });

  test('before MAIL nothing is permanent, and by the built-in rules nobody but account or path is at fault', () => {
    const stages = fc.constantFrom<SmtpStage>('connect', 'greeting', 'ehlo', 'starttls', 'auth');
    fc.assert(
      fc.property(anyCode, anyEnhanced, stages, fc.array(anyRule), (code, enhanced, stage, rules) => {
        expect(classifyReply({ code, enhanced }, stage, rules).permanence).toBe('temporary');
        expect(['account', 'path']).toContain(classifyReply({ code, enhanced }, stage).verdict);
      }),
    );
  });

  test('AUTH is always about the account, unless the relay closes', () => {
    fc.assert(
      fc.property(anyCode, anyEnhanced, (code, enhanced) => {
        fc.pre(code !== 421);
        expect(textOf(code, enhanced, 'auth')).toBe('temporary account');
      }),
    );
  });

  test('a recipient is blamed for replies to its own RCPT only', () => {
    fc.assert(
      fc.property(anyCode, anyEnhanced, anyStage, (code, enhanced, stage) => {
        if (classifyReply({ code, enhanced }, stage).verdict === 'recipient') expect(stage).toBe('rcpt');
      }),
    );
  });

  test('an account at fault never fails the mail, whatever rules a tenant has', () => {
    fc.assert(
      fc.property(anyCode, anyEnhanced, anyStage, fc.array(anyRule), (code, enhanced, stage, rules) => {
        const { permanence, verdict } = classifyReply({ code, enhanced }, stage, rules);
        if (verdict === 'account') expect(permanence).toBe('temporary');
      }),
    );
  });

  test('the text never decides', () => {
    fc.assert(
      fc.property(anyCode, anyEnhanced, anyStage, fc.string(), (code, enhanced, stage, text) => {
        const reply = { code, enhanced, text };
        expect(classifyReply(reply, stage)).toEqual(classifyReply({ code, enhanced }, stage));
      }),
    );
  });

  test('a status of another class than the reply says nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        fc.nat(7),
        fc.nat(80),
        anyStage,
        (code, subject, detail, stage) => {
          const other = code < 500 ? 5 : 4;
          expect(textOf(code, `${other}.${subject}.${detail}`, stage)).toBe(textOf(code, null, stage));
        },
      ),
    );
  });
});

describe("a tenant's own rules", () => {
  const rule: ReplyRule = { stages: ['dot'], codes: [550], verdict: 'path', permanence: 'temporary' };

  test('decide before the built-in ones', () => {
    expect(textOf(550, null, 'dot')).toBe('permanent policy');
    expect(textOf(550, null, 'dot', [rule])).toBe('temporary path');
  });

  test('the first that matches decides, and the built-in ones where none does', () => {
    expect(textOf(550, null, 'dot', [rule, { codes: [550], verdict: 'message' }])).toBe('temporary path');
    expect(textOf(550, null, 'mail', [rule, { codes: [550], verdict: 'message' }])).toBe('permanent message');
    expect(textOf(554, '5.7.1', 'dot', [rule])).toBe('permanent policy');
  });

  test('all conditions of a rule must hold', () => {
    const all: ReplyRule = { stages: ['rcpt'], class: 5, codes: [550], status: ['5.7.1'], verdict: 'recipient' };
    expect(textOf(550, '5.7.1', 'rcpt', [all])).toBe('permanent recipient');
    expect(textOf(550, '5.7.1', 'dot', [all])).toBe('permanent policy');
    expect(textOf(554, '5.7.1', 'rcpt', [all])).toBe('permanent policy');
    expect(textOf(550, '5.7.2', 'rcpt', [all])).toBe('permanent policy');
    expect(textOf(550, null, 'rcpt', [{ ...all, verdict: 'message' }])).toBe('permanent recipient');
    expect(textOf(450, '4.7.1', 'rcpt', [{ class: 5, verdict: 'message' }])).toBe('temporary policy');
  });

  test.each(['x.7', 'x.7.1', '5.7', '5.7.1'])('name an enhanced status as %s', (status) => {
    expect(textOf(550, '5.7.1', 'dot', [{ status: [status], verdict: 'message' }])).toBe('permanent message');
    expect(textOf(550, '5.6.1', 'dot', [{ status: [status], verdict: 'path' }])).toBe('permanent message');
  });

  test('a status with its class leaves the other class alone', () => {
    expect(textOf(450, '4.7.1', 'rcpt', [{ status: ['5.7'], verdict: 'message' }])).toBe('temporary policy');
  });

  test('may call a 4xx final once the mail was offered, and never before', () => {
    const final: ReplyRule = { codes: [450], verdict: 'policy', permanence: 'permanent' };
    expect(textOf(450, null, 'rcpt', [final])).toBe('permanent policy');
    expect(textOf(450, null, 'greeting', [final])).toBe('temporary policy');
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
    'token',
    'aborted',
  ];

  const ofTheAccount = new Set<SmtpFaultRecord['kind']>(['tls', 'unsupported', 'token']);

  test('every kind at every stage is temporary: TLS, missing features and tokens the account, the rest the path', () => {
    for (const kind of kinds) {
      for (const stage of SMTP_STAGES) {
        const verdict = ofTheAccount.has(kind) ? 'account' : 'path';
        expect(classifyFault({ kind, stage })).toEqual({ permanence: 'temporary', verdict });
      }
    }
  });
});

describe('classifyConnectError', () => {
  const wrongPassword = new SmtpConnectError(
    { kind: 'refused', stage: 'auth', text: '535' },
    { code: 535, enhanced: '5.7.8', text: '' },
  );

  test('the reply decides where there is one, the fault where there is none', () => {
    expect(classifyConnectError(wrongPassword)).toEqual({ permanence: 'temporary', verdict: 'account' });
    const noRoute = new SmtpConnectError({ kind: 'refused', stage: 'connect', text: 'ECONNREFUSED' });
    expect(classifyConnectError(noRoute)).toEqual({ permanence: 'temporary', verdict: 'path' });
  });

  test("a tenant's rules are asked", () => {
    const rules: readonly ReplyRule[] = [{ stages: ['auth'], codes: [535], verdict: 'path' }];
    expect(classifyConnectError(wrongPassword, rules)).toEqual({ permanence: 'temporary', verdict: 'path' });
  });
});

describe('isTooManyRecipients', () => {
  test.each([
    [452, '4.5.3', 'rcpt', true],
    [452, null, 'rcpt', true],
    [452, '5.5.3', 'rcpt', true],
    [552, '5.5.3', 'rcpt', true],
    [550, '5.5.3', 'rcpt', true],
    [452, '4.2.2', 'rcpt', false],
    [452, '4.3.1', 'rcpt', false],
    [552, null, 'rcpt', false],
    [450, null, 'rcpt', false],
    [452, '4.5.3', 'mail', false],
    [452, null, 'dot', false],
  ] as const)('%i %s at %s: %s', (code, enhanced, stage, wanted) => {
    expect(isTooManyRecipients({ code, enhanced }, stage)).toBe(wanted);
  });

  test('what it finds is always temporary and about the recipient, so never a reply that closes', () => {
    const found = Array.from({ length: 200 }, (_, index) => 400 + index).flatMap((code) =>
      [null, '4.5.3', '5.5.3']
        .filter((enhanced) => isTooManyRecipients({ code, enhanced }, 'rcpt'))
        .map((each) => [code, each] as const),
    );
    expect(found.length).toBeGreaterThan(150);
    for (const [code, enhanced] of found) expect(textOf(code, enhanced, 'rcpt')).toBe('temporary recipient');
    expect(isTooManyRecipients({ code: 421, enhanced: '4.5.3' }, 'rcpt')).toBe(false);
  });
});

test('421 closes the connection, nothing else does', () => {
  for (let code = 200; code < 600; code += 1) expect(isClosing({ code })).toBe(code === 421);
});

test('where no rule matches, nothing before MAIL blames the mail', () => {
  for (const stage of ['connect', 'greeting', 'ehlo', 'rset', 'quit'] as const)
    expect(BASE_VERDICTS[stage]).toBe('path');
});
