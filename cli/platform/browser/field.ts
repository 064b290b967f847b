import { setTimeout as delay } from 'node:timers/promises';
import type { Frame, Page } from './launch.ts';
import { ANSWER_MS, within } from './within.ts';

const PASSWORD = 'input[type="password"]:visible';

/** Fields that want a one-time code; what sites call them, since few use the standard word. */
const CODES = [
  '[autocomplete~="one-time-code"]',
  '[name*="otp" i]',
  '[id*="otp" i]',
  '[name*="2fa" i]',
  '[name*="mfa" i]',
  '[name*="passcode" i]',
  '[inputmode="numeric"][maxlength="6"]',
  '[type="tel"][maxlength="6"]',
].map((mark) =>
  `input${mark}:not([type="hidden"], [type="password"], [type="checkbox"], [type="radio"], [type="submit"])`
);
const CODE = CODES.map((code) => `${code}:visible`).join(', ');

/** Frames that are looked at; pages with more are full of advertisements. */
const MAX_FRAMES = 20;

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

/** Between two digits of a field in boxes, whose script moves on by itself. */
const DIGIT_MS = 30;
/** Many forms send themselves off at the last digit. */
const SEND_MS = 300;

/**
 * Types a code into the field for it in the top frame, and sends the form.
 *
 * All of it happens in a world of scripts apart: the page's own can neither see nor bend it. That
 * world belongs to one document, and each step of it asks for the origin before it types, so that
 * nothing is typed once the tab has gone elsewhere.
 *
 * @param origin what the tab must show
 * @returns whether there was such a field
 */
export async function fillCode(page: Page, origin: string, code: string): Promise<boolean> {
  const devtools = await within(ANSWER_MS, page.context().newCDPSession(page), undefined);
  if (!devtools) return false;
  try {
    const tree = await within(ANSWER_MS, devtools.send('Page.getFrameTree'), undefined);
    const world = tree && await within(
      ANSWER_MS,
      devtools.send('Page.createIsolatedWorld', { frameId: tree.frameTree.frame.id, worldName: 'sig' }),
      undefined,
    );
    if (!world) return false;
    const call = async (step: string, text: string): Promise<unknown> => {
      const answer = devtools.send('Runtime.callFunctionOn', {
        ...world,
        functionDeclaration: step,
        arguments: [{ value: origin }, { value: text }],
        returnByValue: true,
      });
      return (await within(ANSWER_MS, answer, undefined))?.result.value;
    };
    const found = await call(FOCUS, CODES.join(', '));
    if (found !== 'boxes' && found !== 'whole') return false;
    for (const piece of found === 'boxes' ? code : [code]) {
      if (await call(TYPE, piece) !== true) return false;
      if (found === 'boxes') await delay(DIGIT_MS);
    }
    await delay(SEND_MS);
    await call(SEND, ''); // when it was sent by itself, the document is gone
    return true;
  } finally {
    void devtools.detach().catch(() => {}); // the tab may be gone, or busy for ever
  }
}

/** Finds the first field that is seen, in open shadow trees too; says whether it is one of several boxes. */
const FOCUS = `(origin, selector) => {
  if (location.origin !== origin) return null;
  const isSeen = (field) => field.checkVisibility({ visibilityProperty: true }) && field.getClientRects().length > 0;
  const search = (root) => {
    const field = [...root.querySelectorAll(selector)].find(isSeen);
    if (field) return field;
    for (const { shadowRoot } of root.querySelectorAll('*')) {
      const inner = shadowRoot && search(shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  globalThis.field = search(document);
  if (!field) return null;
  field.focus();
  field.select();
  return field.maxLength === 1 ? 'boxes' : 'whole';
}`;

/** Types where the focus is: boxes move it on. A field that takes no command is set, as a script would. */
const TYPE = `(origin, text) => {
  if (location.origin !== origin) return false;
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const into = field.maxLength === 1 && at instanceof HTMLInputElement ? at : field;
  if (document.execCommand('insertText', false, text) && into.value === text) return true;
  if (into.value !== text) {
    into.value = text;
    into.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, data: text, inputType: 'insertText' }));
  }
  into.dispatchEvent(new Event('change', { bubbles: true }));
  return true;
}`;

/** Sends the form off as the Enter key does. */
const SEND = `(origin) => {
  if (location.origin !== origin || !field.isConnected) return false;
  const key = { key: 'Enter', code: 'Enter', keyCode: 13, bubbles: true, cancelable: true, composed: true };
  const mayGoOn = field.dispatchEvent(new KeyboardEvent('keydown', key));
  if (mayGoOn && field.form) HTMLFormElement.prototype.requestSubmit.call(field.form);
  return true;
}`;
