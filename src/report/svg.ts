import { GlossaError } from '../base/error.js';
import type { FigureSpec } from './figure.js';
import { printable } from './html.js';
import { inkTable } from './palette.js';

/** Renders a Vega-Lite specification to an SVG string whose colours are CSS custom properties. */
export async function renderSvg(spec: FigureSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  try {
    const compiled = vegaLite.compile(spec as unknown as Parameters<typeof vegaLite.compile>[0]);
    const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none' });
    const svg = await view.toSVG();
    view.finalize();
    return responsive(printable(svg));
  } catch (cause) {
    throw new GlossaError(
      'FIGURE_FAILED',
      `could not draw the figure ${JSON.stringify(spec['title'])}: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** The figure takes the width of its place: vega writes a viewBox beside width and height, which are left out here. */
function responsive(svg: string): string {
  return svg.replace(/<svg[^>]*>/, (tag) =>
    tag.replace(/ (?:width|height)="[\d.]+"/g, '').replace('>', ' role="img" preserveAspectRatio="xMidYMid meet">'),
  );
}

/** The same figure as a file of its own: light colours written out, a white ground. */
export function standaloneSvg(svg: string): string {
  const table = inkTable();
  const plain = svg.replace(/var\(--([a-z0-9-]+)\)/g, (_, name: string) => table.get(name)?.light ?? '#000000');
  return plain.replace(
    /<svg([^>]*) viewBox="0 0 ([\d.]+) ([\d.]+)"([^>]*)>/,
    (_, before: string, width: string, height: string, after: string) =>
      `<svg${before} width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"${after}><rect width="100%" height="100%" fill="#ffffff"/>`,
  );
}
