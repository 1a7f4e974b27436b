// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Log } from '../observability/log.ts';
import type { MailContent } from '../smtp/compose/content.ts';
import {
  type BroughtFile,
  combineHooks,
  type Delivery,
  type HookedEnvelope,
  type HookedMessage,
  type Hooks,
  type OutgoingMail,
  type SubmittedMail,
} from './hooks.ts';

const message: HookedMessage = { messagePk: 'pk', id: 'id', tenantId: 'acme', accountPk: 'account', attempt: 1 };
const envelope: HookedEnvelope = { from: 'a@example.com', to: ['b@example.com'] };
const delivery: Delivery = { ...message, messageId: '<id@example.com>', accepted: ['b@example.com'], at: 0 };
const submitted = { id: null, tenantId: 'acme', accountPk: 'account' };
const mail: SubmittedMail & OutgoingMail = {
  returnPaths: ['a@example.com'],
  to: ['b@example.com'],
  header: () => ({ from: ['a@example.com'], sender: [], to: ['b@example.com'], cc: [], bcc: [], unreadable: [] }),
  minBytes: 1,
  isComplete: false,
  recipients: 1,
  sizeBytes: 1,
  detached: [],
};
const content: MailContent = {
  from: { name: '', address: 'a@example.com' },
  to: [{ name: '', address: 'b@example.com' }],
  cc: [],
  replyTo: [],
  subject: '',
  text: 'hello',
  html: null,
  calendar: null,
  headers: [],
  attachments: [],
  detached: [],
  messageId: '<id@example.com>',
  date: 0,
};

/** The mixins `one`, `two` ... with these hooks. */
function combined(...all: readonly Partial<Hooks>[]) {
  const lines: { fields: object; message: string }[] = [];
  const add = (fields: object, text: string): void => void lines.push({ fields, message: text });
  const log: Log = { debug: add, info: add, warn: add, error: add };
  const names = ['one', 'two', 'three'];
  return {
    lines,
    hooks: combineHooks(
      all.map((hooks, at) => ({ mixin: names[at] ?? '', hooks })),
      log,
    ),
  };
}

describe('without mixins', () => {
  test('every attempt is admitted, content stays, a delivery is no event', async () => {
    const { hooks } = combined();
    expect(await hooks.admitting(message, envelope)).toEqual({ admit: true });
    expect(hooks.composing(content, message)).toBe(content);
    await expect(hooks.delivered(delivery)).resolves.toBeUndefined();
  });

  test('that want to be asked, nothing is waited for before a message is stored or sent', () => {
    const { hooks } = combined({ admitting: () => null }, {});
    expect([hooks.accepting, hooks.needsPreparing, hooks.sending]).toEqual([null, null, null]);
  });
});

describe('what all answer at once is answered at once', () => {
  test('and nothing is waited for', () => {
    const silent = { accepting: () => null, admitting: () => null, enveloping: () => null, sending: () => null };
    const { hooks } = combined(silent, {}, silent);
    expect(hooks.accepting?.(submitted, mail)).toEqual([]);
    expect(hooks.admitting(message, envelope)).toEqual({ admit: true });
    expect(hooks.enveloping(message, envelope)).toEqual({});
    expect(hooks.sending?.(message, mail)).toEqual({ admit: true });
  });

  test('but who comes behind one that takes its time is asked after it', async () => {
    const order: string[] = [];
    const late = async (): Promise<null> => {
      await Promise.resolve();
      order.push('late');
      return null;
    };
    const next = (): { envelopeId: string } => {
      order.push('next');
      return { envelopeId: 'a' };
    };
    const { hooks } = combined({ enveloping: late }, { enveloping: next });
    expect(await hooks.enveloping(message, envelope)).toEqual({ envelopeId: 'a' });
    expect(order).toEqual(['late', 'next']);
  });

  test('and a promise that is not of this realm is waited for, too', async () => {
    // As where a mixin runs in a context of its own.
    const later = (): Promise<{ envelopeId: string }> => runInNewContext("Promise.resolve({ envelopeId: 'a' })");
    const { hooks } = combined({ enveloping: later }, { enveloping: () => ({}) });
    expect(await hooks.enveloping(message, envelope)).toEqual({ envelopeId: 'a' });
  });
});

describe('accepting', () => {
  test('all are asked, and what they find is told together', async () => {
    const { hooks } = combined(
      { accepting: () => [{ field: 'to', message: 'expected fewer' }] },
      { accepting: async () => null },
      { accepting: async () => [{ field: 'bcc', message: 'expected none' }] },
    );
    expect((await hooks.accepting?.(submitted, mail))?.map(({ field }) => field)).toEqual(['to', 'bcc']);
    expect(await combined({ accepting: () => null }).hooks.accepting?.(submitted, mail)).toEqual([]);
  });

  test('an error reaches the request', async () => {
    const { hooks } = combined({ accepting: () => Promise.reject(new Error('bug')) });
    await expect(hooks.accepting?.(submitted, mail)).rejects.toThrow('bug');
  });
});

describe('needsPreparing', () => {
  const files = [{ filename: 'a.pdf', disposition: 'attachment', sizeBytes: 1 }] as const;
  const preparing = async (): Promise<null> => null;

  test('any yes counts, and nobody is asked after the first', async () => {
    const { hooks } = combined(
      { needsPreparing: () => false, preparing },
      { needsPreparing: async () => true },
      {
        needsPreparing: () => {
          throw new Error('asked all the same');
        },
      },
    );
    expect(await hooks.needsPreparing?.(submitted, files)).toBe(true);
    expect(combined({ needsPreparing: () => false, preparing }).hooks.needsPreparing?.(submitted, files)).toBe(false);
  });

  test('nobody is asked where no mixin would prepare anything', () => {
    expect(combined({ needsPreparing: () => true }).hooks.needsPreparing).toBeNull();
  });

  test('an error reaches the request', async () => {
    const { hooks } = combined({ needsPreparing: () => Promise.reject(new Error('bug')), preparing });
    await expect(hooks.needsPreparing?.(submitted, files)).rejects.toThrow('bug');
  });
});

describe('preparing', () => {
  const files = [0, 1, 2].map(brought);
  const { signal } = new AbortController();

  test('each mixin is given the files that those before left', async () => {
    const seen: number[][] = [];
    const detaching =
      (...positions: number[]): Hooks['preparing'] =>
      async (_message, given) => {
        seen.push(given.map(({ position }) => position));
        return { detach: positions.map((position) => ({ position, data: { was: position } })) };
      };
    const { hooks } = combined(
      { preparing: detaching(2) },
      { preparing: async () => null },
      { preparing: detaching(0) },
    );
    expect(await hooks.preparing(message, files, signal)).toEqual({
      detach: [
        { position: 0, mixin: 'three', data: { was: 0 } },
        { position: 2, mixin: 'one', data: { was: 2 } },
      ],
    });
    expect(seen).toEqual([
      [0, 1, 2],
      [0, 1],
    ]);
  });

  test('without mixins nothing is detached', async () => {
    expect(await combined({}).hooks.preparing(message, files, signal)).toEqual({ detach: [] });
  });

  test('the first refusal ends it, whatever was detached before', async () => {
    const refusal = { refuse: 'too large', permanence: 'permanent' } as const;
    const { hooks } = combined(
      { preparing: async () => ({ detach: [{ position: 0, data: null }] }) },
      { preparing: async () => refusal },
      { preparing: () => Promise.reject(new Error('asked all the same')) },
    );
    expect(await hooks.preparing(message, files, signal)).toEqual(refusal);
  });

  test.each([
    ['one that another has', [0], [0]],
    ['one twice', [], [1, 1]],
    ['one that is not there', [], [3]],
  ])('who detaches %s has a bug', async (_, first, second) => {
    const detaching = (positions: readonly number[]): Partial<Hooks> => ({
      preparing: async () => ({ detach: positions.map((position) => ({ position, data: null })) }),
    });
    const { hooks } = combined(detaching(first), detaching(second));
    await expect(hooks.preparing(message, files, signal)).rejects.toThrow('mixin two detached file');
  });

  test('an error reaches the one who asks', async () => {
    const { hooks } = combined({ preparing: () => Promise.reject(new Error('bug')) });
    await expect(hooks.preparing(message, files, signal)).rejects.toThrow('bug');
  });
});

function brought(position: number): BroughtFile {
  return {
    position,
    filename: `${position}.pdf`,
    mimeType: 'application/pdf',
    disposition: 'attachment',
    contentId: null,
    sizeBytes: 1,
    contentHash: `${position}`,
    async *read() {
      yield Buffer.from('a');
    },
  };
}

describe('admitting', () => {
  test('the first answer wins and nobody is asked after it', async () => {
    const refusal = { admit: false, reason: 'suppressed', permanence: 'permanent' } as const;
    const { hooks } = combined(
      { admitting: () => null },
      { admitting: async () => refusal },
      {
        admitting: () => {
          throw new Error('asked all the same');
        },
      },
    );
    expect(await hooks.admitting(message, envelope)).toEqual(refusal);
  });

  test('an error reaches the attempt', async () => {
    const { hooks } = combined({ admitting: () => Promise.reject(new Error('bug')) });
    await expect(hooks.admitting(message, envelope)).rejects.toThrow('bug');
    const { hooks: atOnce } = combined({
      admitting: () => {
        throw new Error('bug');
      },
    });
    expect(() => atOnce.admitting(message, envelope)).toThrow('bug');
  });
});

describe('enveloping', () => {
  test('the first answer wins, and no answer leaves the envelope as it is', async () => {
    const { hooks } = combined(
      { enveloping: () => null },
      { enveloping: () => ({}) },
      { enveloping: () => ({ returnPath: 'b@example.com' }) },
    );
    expect(await hooks.enveloping(message, envelope)).toEqual({});
    expect(await combined().hooks.enveloping(message, envelope)).toEqual({});
  });

  test('an error reaches the attempt', async () => {
    const { hooks } = combined({ enveloping: () => Promise.reject(new Error('bug')) });
    await expect(hooks.enveloping(message, envelope)).rejects.toThrow('bug');
  });
});

describe('composing', () => {
  test('each mixin is given what the one before returned', () => {
    const mark = (word: string): Partial<Hooks> => ({
      composing: (was) => ({ ...was, subject: `${was.subject}${word}` }),
    });
    const { hooks } = combined(mark('a'), {}, mark('b'));
    expect(hooks.composing(content, message).subject).toBe('ab');
  });

  test('what a mixin took out is not left out for good where that mixin is gone', () => {
    const file = { filename: 'a.pdf', mimeType: 'application/pdf', data: null };
    const { hooks } = combined({}, {});
    const detached = [{ ...file, mixin: 'two' }];
    expect(hooks.composing({ ...content, detached }, message).detached).toBe(detached);
    expect(() => hooks.composing({ ...content, detached: [{ ...file, mixin: 'three' }] }, message)).toThrow(
      'a.pdf was taken out by the mixin three, which is not here',
    );
  });

  test('an error reaches the attempt', () => {
    const { hooks } = combined({
      composing: () => {
        throw new Error('bug');
      },
    });
    expect(() => hooks.composing(content, message)).toThrow('bug');
  });
});

describe('sending', () => {
  test('one that lets it pass does not speak for the others, and the first refusal stands', async () => {
    const refusal = { admit: false, reason: 'too large', permanence: 'permanent' } as const;
    const { hooks } = combined(
      { sending: () => ({ admit: true }) },
      { sending: async () => refusal },
      {
        sending: () => {
          throw new Error('asked all the same');
        },
      },
    );
    expect(await hooks.sending?.(message, mail)).toEqual(refusal);
    expect(await combined({ sending: () => null }).hooks.sending?.(message, mail)).toEqual({ admit: true });
  });

  test('an error reaches the attempt', async () => {
    const { hooks } = combined({ sending: () => Promise.reject(new Error('bug')) });
    await expect(hooks.sending?.(message, mail)).rejects.toThrow('bug');
  });
});

describe('delivered', () => {
  test('an error is logged with the mixin that made it, and the next is called', async () => {
    const told: string[] = [];
    const { hooks, lines } = combined(
      {
        delivered: () => {
          throw new Error('at once');
        },
      },
      { delivered: async () => Promise.reject(new Error('later')) },
      { delivered: ({ accepted }) => void told.push(...accepted) },
    );
    await hooks.delivered(delivery);
    expect(told).toEqual(['b@example.com']);
    expect(lines.map(({ fields }) => fields)).toMatchObject([
      { mixin: 'one', messagePk: 'pk', tenantId: 'acme', err: { message: 'at once' } },
      { mixin: 'two', messagePk: 'pk', tenantId: 'acme', err: { message: 'later' } },
    ]);
  });
});
