// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import './on-postgres.case.ts';
import '../engine/sandbox.test.ts';
