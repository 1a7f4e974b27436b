// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Without fonts from elsewhere: those of the system are there at once.
import theme from 'vitepress/theme-without-fonts';
import './site.css';

export default theme;
