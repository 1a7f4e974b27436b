#!/usr/bin/env node
// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import '../dist/bounce/command/main.js';
