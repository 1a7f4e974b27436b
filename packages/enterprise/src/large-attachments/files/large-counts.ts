// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What became of files that messages were to lose, in this process's life. */
export class LargeCounts {
  uploads = 0;
  uploadedBytes = 0;
  /** Files of messages that were in their storage already. */
  reused = 0;
  uploadFailures = 0;
}
