// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { PERMANENCES, type ReplyRule, VERDICTS } from './classification.types.ts';
import { BASE_VERDICTS, FAULT_VERDICTS, REPLY_RULES } from './classification-rules.ts';
import { REPLY_VECTORS } from './classification-vectors.case.ts';
import { classifyFault, classifyReply } from './classify.ts';
import { rowsOf, section } from './replies-guide.case.ts';
import { SMTP_STAGES, type SmtpFaultRecord } from './reply.ts';

const table = (rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

const listOf = (values: readonly (string | number)[] | undefined): string => values?.join(', ') ?? 'any';

function codesOf({ codes, class: codeClass }: ReplyRule): string {
  if (codes !== undefined) return listOf(codes);
  return codeClass === undefined ? 'any' : `${codeClass}xx`;
}

/** What a 5xx that the rule matches is; a 4xx is temporary by every built-in rule. */
function finalOf({ permanence, codes, class: codeClass, status }: ReplyRule): string {
  const isFive = codes?.some((code) => code >= 500) ?? codeClass !== 4;
  const mayBeFive = isFive && (status?.some((each) => !each.startsWith('4')) ?? true);
  return mayBeFive ? (permanence ?? 'permanent') : '–';
}

test('the table of rules is the rules, in the order in which they are asked', () => {
  const rules = REPLY_RULES.map((rule, index) => [
    String(index + 1),
    listOf(rule.stages),
    codesOf(rule),
    listOf(rule.status),
    rule.verdict,
    finalOf(rule),
    rule.source,
  ]);
  const heading = ['#', 'stage', 'code', 'enhanced status', 'verdict', 'a 5xx is', 'why'];
  expect(section('rules')).toBe(table([heading, heading.map(() => '---'), ...rules]));
});

test('no built-in rule makes a 4xx permanent', () => {
  expect(REPLY_RULES.filter((rule) => rule.permanence === 'permanent')).toEqual([]);
});

test('the table of what is left names the verdict of every stage', () => {
  const rows = SMTP_STAGES.map((stage) => [stage, BASE_VERDICTS[stage]]);
  expect(section('otherwise')).toBe(table([['stage', 'verdict'], ['---', '---'], ...rows]));
});

test('the table of failures without a reply names every kind', () => {
  // Object.keys widens to string; the record has exactly the kinds.
  const kinds = Object.keys(FAULT_VERDICTS) as SmtpFaultRecord['kind'][];
  expect(rowsOf('faults').map(([kind, , verdict]) => [kind, verdict])).toEqual(
    kinds.map((kind) => [`\`${kind}\``, classifyFault({ kind, stage: 'connect' }).verdict]),
  );
});

// What each row says is compared in delivery/replies-guide.test.ts.
test('the table of consequences has a row for everything that a reply can be, and no other', () => {
  const possible = new Set(
    REPLY_VECTORS.map(([code, enhanced, stage]) => {
      const { permanence, verdict } = classifyReply({ code, enhanced }, stage);
      return `${verdict} ${permanence}`;
    }),
  );
  const inOrder = VERDICTS.flatMap((verdict) => PERMANENCES.map((permanence) => `${verdict} ${permanence}`));
  expect(rowsOf('consequences').map(([verdict, permanence]) => `${verdict} ${permanence}`)).toEqual(
    inOrder.filter((each) => possible.has(each)),
  );
});
