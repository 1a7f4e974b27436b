// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { render } from 'preact';
import './styles/index.css';
import { App } from './app.tsx';
import { applyTheme } from './session/theme.ts';

applyTheme();
const root = document.querySelector('#app');
if (root === null) throw new Error('the page has a place for the app');
render(<App />, root);
