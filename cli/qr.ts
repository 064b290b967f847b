import { renderUnicodeCompact } from 'uqr';

/** A QR code for a terminal, two rows of it in each line of text. */
export function renderQr(text: string): string {
  return `${renderUnicodeCompact(text, { ecc: 'L', border: 2 })}\n`;
}
