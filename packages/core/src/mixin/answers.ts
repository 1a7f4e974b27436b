// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a hook gives at once, or later. */
export type Answer<Value> = Value | Promise<Value>;

/** Whether an answer is to be waited for. Mixins are any JavaScript, so that what has `then` counts. */
export function isLate<Value>(answer: Answer<Value>): answer is Promise<Value> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}

/** Go on with an answer: now, where it is there. */
export function whenGiven<Value, Next>(answer: Answer<Value>, then: (value: Value) => Answer<Next>): Answer<Next> {
  return isLate(answer) ? answer.then(then) : then(answer);
}

/** Ask one after the other until one answers; null where none does. Nothing is waited for while answers come at once. */
export function firstAnswer<Asked, Value>(
  asked: readonly Asked[],
  ask: (one: Asked) => Answer<Value | null | undefined>,
): Answer<Value | null> {
  for (const [index, one] of asked.entries()) {
    const answer = ask(one);
    if (isLate(answer)) return answer.then((late) => late ?? firstAnswer(asked.slice(index + 1), ask));
    if (answer !== null && answer !== undefined) return answer;
  }
  return null;
}
