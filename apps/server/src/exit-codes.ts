// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Exit codes of the program: 0 and 1 by custom, 2 as shells use it, the rest from sysexits.h. */
export const EXIT = {
  ok: 0,
  /** The server refused the request (4xx), something is in the way, or a second signal cut the stop short. */
  refused: 1,
  usage: 2,
  /** EX_DATAERR: what was given to import is not what was exported. */
  data: 65,
  /** EX_UNAVAILABLE: the server, its database or its port cannot be had. */
  unavailable: 69,
  /** EX_SOFTWARE: a failure of our own, or a 5xx of the server. */
  software: 70,
  /** EX_TEMPFAIL: what was waited for did not happen in time; it may still happen. */
  waiting: 75,
  /** EX_CONFIG: starting again changes nothing before somebody has corrected the configuration. */
  config: 78,
  /** 128 and SIGINT, as shells say it: left with Ctrl-C, or a question was. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each says to whoever runs a command. */
export const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.refused]: 'the server refused (4xx), or something is in the way: the message says what',
  [EXIT.usage]: 'the command line cannot be understood, or something is missing in it',
  [EXIT.data]: 'what was given to an import is damaged, or is not what was exported',
  [EXIT.unavailable]: 'the server, its database or its port cannot be had: start it, or try again later',
  [EXIT.software]: 'a failure of our own, or a 5xx of the server: its log says more',
  [EXIT.waiting]: 'the time to look on is over, and it is not final yet: look again later',
  [EXIT.config]: 'the configuration, or a file with a token or a key, has to be corrected first',
  [EXIT.interrupted]: 'left with Ctrl-C, or a question was left without an answer',
};
