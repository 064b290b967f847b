/** A bar of a chart. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Drawn in the colour of the project. */
  readonly isOurs: boolean;
}

const WIDTH = 640;
const NAMES = 150;
const VALUES = 90;
const ROW = 26;
const TOP = 44;

/**
 * Bars from the shortest to the longest, as SVG that reads on light and dark pages alike.
 *
 * @param title says what is measured
 * @param note a line below: where and how
 */
export function drawBars(title: string, note: string, unit: string, bars: readonly Bar[]): string {
  const sorted = [...bars].sort((a, b) => a.value - b.value);
  const longest = sorted.at(-1)!.value;
  const height = TOP + sorted.length * ROW + 34;
  const rows = sorted.map(({ name, value, isOurs }, row) => {
    const y = TOP + row * ROW;
    const width = Math.max(2, (WIDTH - NAMES - VALUES) * value / longest);
    return `<text x="${NAMES - 10}" y="${y + 16}" text-anchor="end">${escapeText(name)}</text>` +
      `<rect x="${NAMES}" y="${y + 3}" width="${width.toFixed(1)}" height="18" rx="2" fill="${
        isOurs ? '#2f81f7' : '#8b949e'
      }"/>` +
      `<text x="${(NAMES + width + 8).toFixed(1)}" y="${y + 16}">${value} ${escapeText(unit)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `role="img" aria-label="${escapeText(title)}" font-family="system-ui, sans-serif" font-size="13" fill="#6e7781">` +
    `<text x="0" y="18" font-size="15" font-weight="600">${escapeText(title)}</text>${rows.join('')}` +
    `<text x="0" y="${height - 8}" font-size="11">${escapeText(note)}</text></svg>\n`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
