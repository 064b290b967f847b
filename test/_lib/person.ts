/**
 * A person in front of the browser: a real Chromium in which somebody fills forms and follows
 * links. Nothing is shown; a login that asks for a window gets a hidden one.
 *
 * @module
 */

import process from 'node:process';
import { findBrowser } from '../../cli/platform/browser/find.ts';
import { launchBrowser, type Page } from '../../cli/platform/browser/launch.ts';
import { claimProfile, hasProfile, removeProfile } from '../../cli/platform/browser/profile.ts';
import { createSession } from '../../cli/platform/browser/session.ts';
import type { Browser, BrowserOptions } from '../../src/ports.ts';
import type { TestSites } from './sites.ts';

/** What the person does when a page has loaded. */
export type Person = (page: Page) => Promise<void>;

/** A browser with a person in front of it. */
export interface AttendedBrowser extends Browser {
  readonly opened: BrowserOptions['mode'][];
}

/** Creates the browser. The person acts in "visible" sessions only. */
export function attend(home: string, sites: TestSites, person: Person): AttendedBrowser {
  const opened: BrowserOptions['mode'][] = [];
  return {
    opened,
    hasDisplay: true,
    hasProfile: (profile) => Promise.resolve(hasProfile(home, profile)),
    removeProfile: (profile) => removeProfile(home, profile),
    async open({ profile, mode }) {
      opened.push(mode);
      const claimed = await claimProfile(home, profile);
      const { path: program } = findBrowser({ platform: process.platform, env: (name) => process.env[name] });
      const launched = await launchBrowser({
        program,
        folder: claimed.folder,
        mode: 'headless',
        extraArguments: sites.browserArguments,
      });
      if (mode === 'visible') {
        const follow = (page: Page) => void page.on('load', () => void person(page).catch(() => {}));
        launched.context.pages().forEach(follow);
        launched.context.on('page', follow);
      }
      return createSession(launched, mode, claimed.release);
    },
  };
}

/** Signs in wherever a form asks for it: a name, a password, and a code when `code` is given. */
export function signIn(more: { readonly password?: string; readonly code?: () => Promise<string> } = {}): Person {
  return async (page) => {
    const password = page.locator('input[type="password"]:visible');
    if (await password.count() > 0) {
      await password.fill(more.password ?? 'right');
      await password.press('Enter', { noWaitAfter: true });
    }
    const code = page.locator('input[autocomplete="one-time-code"]:visible');
    if (more.code && await code.count() > 0) {
      await code.fill(await more.code());
      await code.press('Enter', { noWaitAfter: true });
    }
    const agree = page.locator('button:has-text("Agree"):visible');
    if (await agree.count() > 0) await agree.click({ noWaitAfter: true });
  };
}
