// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { PERMANENCES, type ReplyRule, VERDICTS } from './classification.types.ts';
import { SMTP_STAGES } from './reply.ts';

export type { ReplyRule };

const MAX_RULES = 100;
const MAX_VALUES = 100;

const oneOf = (names: readonly string[]) => `expected one of ${names.join(', ')}`;
const CODE = 'expected a reply code from 400 to 599';
const STATUS = 'expected an enhanced status as x.7, x.7.1, 5.7 or 5.7.1';

const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(
    v.array(item, `expected a list of 1 to ${MAX_VALUES} values`),
    v.minLength(1, `expected a list of 1 to ${MAX_VALUES} values`),
    v.maxLength(MAX_VALUES, `expected a list of 1 to ${MAX_VALUES} values`),
    v.readonly(),
  );

const code = v.pipe(v.number(CODE), v.integer(CODE), v.minValue(400, CODE), v.maxValue(599, CODE));
const status = v.pipe(v.string(STATUS), v.regex(/^[x45]\.\d{1,3}(\.\d{1,3})?$/, STATUS));

const replyRule = v.pipe(
  v.strictObject({
    /** Where in a session the reply came. */
    stages: v.optional(listOf(v.picklist(SMTP_STAGES, oneOf(SMTP_STAGES)))),
    codes: v.optional(listOf(code)),
    /** First digit of the code. */
    class: v.optional(v.picklist([4, 5], 'expected 4 or 5')),
    status: v.optional(listOf(status)),
    verdict: v.picklist(VERDICTS, oneOf(VERDICTS)),
    /** By the first digit of the code if absent. */
    permanence: v.optional(v.picklist(PERMANENCES, oneOf(PERMANENCES))),
  }),
  v.check(
    ({ stages, codes, class: codeClass, status: statuses }) =>
      [stages, codes, codeClass, statuses].some((condition) => condition !== undefined),
    'expected at least one condition: stages, codes, class or status',
  ),
  v.check(
    ({ verdict, permanence }) => verdict !== 'account' || permanence !== 'permanent',
    'expected no permanent: an account at fault never fails its mail, which waits until the account is put right',
  ),
  v.check(
    ({ codes, class: codeClass }) =>
      codeClass === undefined || codes === undefined || codes.some((each) => Math.floor(each / 100) === codeClass),
    'expected codes of that class: no reply can match both',
  ),
);

/**
 * A tenant's own rules, matched before the built-in ones; the first that matches decides.
 *
 * @example `[{ "codes": [550], "status": ["5.7.1"], "stages": ["rcpt"], "verdict": "recipient" }]`
 */
export const replyRulesInput = v.pipe(
  v.array(replyRule, 'expected a list of rules'),
  v.maxLength(MAX_RULES, `expected at most ${MAX_RULES} rules`),
);
