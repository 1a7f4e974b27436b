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
