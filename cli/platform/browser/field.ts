import { setTimeout as delay } from 'node:timers/promises';
import type { Frame, Page } from './launch.ts';

const PASSWORD = 'input[type="password"]:visible';

/** Fields that want a one-time code; what sites call them, since few use the standard word. */
const CODE = [
  '[autocomplete~="one-time-code"]',
  '[name*="otp" i]',
  '[id*="otp" i]',
  '[name*="2fa" i]',
  '[name*="mfa" i]',
  '[name*="passcode" i]',
  '[inputmode="numeric"][maxlength="6"]',
  '[type="tel"][maxlength="6"]',
].map((mark) =>
  `input${mark}:not([type="hidden"], [type="password"], [type="checkbox"], [type="radio"], [type="submit"]):visible`
)
  .join(', ');

/** Frames that are looked at; pages with more are full of advertisements. */
const MAX_FRAMES = 20;
/** A tab that shows a dialog answers nothing. */
const ANSWER_MS = 2_000;

/** What a visible field in any frame of a tab asks for. Nothing but that leaves the page. */
export async function whatIsAsked(page: Page): Promise<'password' | 'code' | null> {
  const frames = page.frames().slice(0, MAX_FRAMES);
  const found = await Promise.all(frames.map((frame) => within(ANSWER_MS, askedIn(frame), null)));
  return found.find((asked) => asked === 'code') ?? found.find((asked) => asked !== null) ?? null;
}

async function askedIn(frame: Frame): Promise<'password' | 'code' | null> {
  // Most frames have neither, and one question tells.
  if (await frame.locator(`${CODE}, ${PASSWORD}`).count() === 0) return null;
  return await frame.locator(CODE).count() > 0 ? 'code' : 'password';
}

/**
 * Types a code into the field for it in the top frame, and sends the form.
 *
 * @param origin what the tab must show; a field that was found belongs to one document, and typing
 * into it fails once the tab has gone elsewhere
 * @returns whether there was such a field
 */
export async function fillCode(page: Page, origin: string, code: string): Promise<boolean> {
  const field = await page.mainFrame().locator(CODE).first().elementHandle({ timeout: ANSWER_MS }).catch(() => null);
  if (!field || new URL(page.url()).origin !== origin) return false;
  try {
    // Six boxes of one digit each move on by themselves.
    const isSplit = await field.getAttribute('maxlength') === '1';
    if (isSplit) await field.type(code, { timeout: ANSWER_MS });
    else await field.fill(code, { timeout: ANSWER_MS });
    await delay(300);
    // Many forms send themselves off at the last digit; then there is nothing left to press in.
    await field.press('Enter', { timeout: ANSWER_MS, noWaitAfter: true }).catch(() => {});
    return true;
  } catch {
    return false; // the page moved on while it was typed
  } finally {
    await field.dispose().catch(() => {});
  }
}

/** The result, or another value when it does not come in time or fails because the frame is gone. */
async function within<T>(timeoutMs: number, work: Promise<T>, otherwise: T): Promise<T> {
  const late = delay(timeoutMs, otherwise, { ref: false });
  return await Promise.race([work.catch(() => otherwise), late]);
}
