// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Answer, isLate } from '../../mixin/answers.ts';
import type { CombinedHooks, MailProblem, SubmittedMail } from '../../mixin/hooks.ts';
import { invalidInput } from '../../operations/validate.ts';
import { membersOf } from '../../smtp/compose/address-list.ts';
import { base64LinesBytes } from '../../smtp/compose/base64-lines.ts';
import type { MailAddress } from '../../smtp/compose/content.ts';
import { headerAddresses } from '../../smtp/raw/header-addresses.ts';
import type { CheckedMessage } from './check-content.ts';
import { isRepeated, type SubmittedAs } from './is-repeated.ts';
import { envelopeOf } from './message-draft.ts';
import type { SubmissionServices } from './message-services.ts';

/** Where mixins are asked. */
interface AcceptingServices extends Pick<SubmissionServices, 'findTaken'> {
  readonly accepting: NonNullable<CombinedHooks['accepting']>;
}

/**
 * Refuse a message that a mixin finds wrong. One whose id is taken passes, as it is answered with the message that has it.
 *
 * @returns what is to be waited for; null where mixins have taken it at once
 * @throws {MailProxyError} `invalid_input`, when it is waited for
 */
export function expectAccepted(
  services: AcceptingServices,
  checked: CheckedMessage,
  of: SubmittedAs & { readonly accountPk: string },
): Promise<void> | null {
  const { id = null, tenantId, accountPk } = of;
  const problems = services.accepting({ id, tenantId, accountPk }, submittedMail(checked));
  return isLate(problems) || problems.length > 0 ? expectNone(services, problems, of) : null;
}

async function expectNone(
  services: AcceptingServices,
  found: Answer<readonly MailProblem[]>,
  of: SubmittedAs,
): Promise<void> {
  const problems = await found;
  if (problems.length === 0 || (await isRepeated(services, of))) return;
  throw invalidInput(problems.map(({ field, message }) => ({ pointer: `${of.base}/${field}`, message })));
}

/** The header is read when a mixin asks for it. */
function submittedMail({ content, bcc, attachments }: CheckedMessage): SubmittedMail {
  const { raw, from, to, cc, returnPath } = content;
  return {
    returnPaths: [returnPath],
    to: envelopeOf({ content, bcc }).map(({ address }) => address),
    header: () =>
      raw === null
        ? {
            from: [from.address],
            sender: [],
            to: addressesOf(to),
            cc: addressesOf(cc),
            bcc: addressesOf(bcc),
            unreadable: [],
          }
        : headerAddresses(raw.head),
    minBytes: minBytesOf({ content, attachments }),
    isComplete: raw !== null,
  };
}

function addressesOf(list: readonly MailAddress[]): readonly string[] {
  return membersOf(list).map(({ address }) => address);
}

/** A composed message has its files in base64, and of each text no fewer octets than in UTF-8. */
function minBytesOf({ content, attachments }: Pick<CheckedMessage, 'content' | 'attachments'>): number {
  const { raw, text, html, calendar } = content;
  if (raw !== null) return attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const texts = [text, html, calendar?.content ?? null].reduce((sum, each) => sum + Buffer.byteLength(each ?? ''), 0);
  return attachments.reduce((sum, { sizeBytes }) => sum + base64LinesBytes(sizeBytes), texts);
}
