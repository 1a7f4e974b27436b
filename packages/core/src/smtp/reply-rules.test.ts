// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { isMailProxyError } from '../errors.ts';
import { validate } from '../operations/validate.ts';
import { classifyReply } from './classify.ts';
import { type ReplyRule, replyRulesInput } from './reply-rules.ts';

const parse = (input: unknown): readonly ReplyRule[] => validate(replyRulesInput, input);

function problemsOf(input: unknown): readonly string[] {
  try {
    parse(input);
  } catch (error) {
    if (isMailProxyError(error, 'invalid_input'))
      return error.problems.map((each) => `${each.pointer}: ${each.message}`);
    throw error;
  }
  return [];
}

test('a rule on the wire is the rule that classifies', () => {
  const rules = parse([
    {
      stages: ['rcpt', 'dot'],
      codes: [550, 554],
      status: ['5.7.1', 'x.7'],
      class: 5,
      verdict: 'path',
      permanence: 'temporary',
    },
    { class: 4, verdict: 'account' },
  ]);
  expect(classifyReply({ code: 550, enhanced: '5.7.1' }, 'dot', rules)).toEqual({
    permanence: 'temporary',
    verdict: 'path',
  });
  expect(classifyReply({ code: 450, enhanced: null }, 'rcpt', rules).verdict).toBe('account');
});

test('rules survive being stored as JSON', () => {
  const rules = parse([{ codes: [550], verdict: 'message' }]);
  expect(parse(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
});

test('no rules are fine, a hundred too, one more is not', () => {
  const rule = { codes: [550], verdict: 'path' };
  expect(parse([])).toEqual([]);
  expect(parse(Array.from({ length: 100 }, () => rule))).toHaveLength(100);
  expect(problemsOf(Array.from({ length: 101 }, () => rule))).toEqual([': expected at most 100 rules']);
});

test.each([
  [{ verdict: 'path' }, '/0: expected at least one condition: stages, codes, class or status'],
  [{ verdict: 'path', permanence: 'temporary' }, '/0: expected at least one condition: stages, codes, class or status'],
  [{ codes: [550] }, '/0/verdict: '],
  [{ codes: [550], verdict: 'spam' }, '/0/verdict: expected one of recipient, message, account, path, policy'],
  [{ codes: [], verdict: 'path' }, '/0/codes: expected a list of 1 to 100 values'],
  [{ codes: 550, verdict: 'path' }, '/0/codes: expected a list of 1 to 100 values'],
  [{ codes: [250], verdict: 'path' }, '/0/codes/0: expected a reply code from 400 to 599'],
  [{ codes: [550.5], verdict: 'path' }, '/0/codes/0: expected a reply code from 400 to 599'],
  [{ class: 2, verdict: 'path' }, '/0/class: expected 4 or 5'],
  [{ class: 4, codes: [550], verdict: 'path' }, '/0: expected codes of that class: no reply can match both'],
  [{ status: ['7.1'], verdict: 'path' }, '/0/status/0: expected an enhanced status as x.7, x.7.1, 5.7 or 5.7.1'],
  [{ status: ['2.7.1'], verdict: 'path' }, '/0/status/0: expected an enhanced status as x.7, x.7.1, 5.7 or 5.7.1'],
  [{ stages: ['RCPT'], verdict: 'path' }, '/0/stages/0: expected one of connect, greeting, '],
  [{ codes: [550], verdict: 'path', permanence: 'never' }, '/0/permanence: expected one of temporary, permanent'],
  [{ codes: [535], verdict: 'account', permanence: 'permanent' }, '/0: expected no permanent: an account at fault'],
  [{ codes: [550], verdict: 'path', text: 'spam' }, '/0/text: '],
])('%j is refused', (rule, problem) => {
  const problems = problemsOf([rule]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(problem);
});

test('what is no list is refused', () => {
  expect(problemsOf({ codes: [550], verdict: 'path' })).toEqual([': expected a list of rules']);
});
