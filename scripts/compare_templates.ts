import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { compile, readJson, render, TemplateFault } from '../src/jinja/index.js';

/**
 * Published chat templates against Transformers: `node --import tsx scripts/compare_templates.ts published.jsonl`, where
 * test/jinja/fixtures/render_published.py has made the file. Every rendering must be the same text, refused by both, or refused
 * here by the name of what is left out.
 */
interface Row {
  path: string;
  conversation: string;
  template: string;
  variables: Record<string, unknown>;
  text?: string;
  refused?: string;
}

function outcome({ template, variables, text }: Row): { kind: string; detail?: string } {
  try {
    const rendered = render(compile(template), variables);
    if (rendered === text) return { kind: 'the same text' };
    if (text === undefined) return { kind: 'DIFFERENT', detail: 'rendered what Transformers refuses' };
    const at = [...rendered].findIndex((letter, i) => letter !== text[i]);
    const from = Math.max(0, at === -1 ? Math.min(rendered.length, text.length) - 40 : at - 40);
    return {
      kind: 'DIFFERENT',
      detail: `${JSON.stringify(rendered.slice(from, from + 120))} for ${JSON.stringify(text.slice(from, from + 120))}`,
    };
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    if (text === undefined) return { kind: 'refused by both' };
    const kind = error.kind === 'unsupported' ? 'refused by name' : 'DIFFERENT';
    return { kind, detail: `line ${String(error.line)}: ${error.message}` };
  }
}

const counts = new Map<string, number>();
const templates = new Set<string>();
for await (const line of createInterface({ input: createReadStream(process.argv[2]!) })) {
  const row = readJson(line) as Row;
  const { kind, detail } = outcome(row);
  templates.add(row.template);
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (detail !== undefined) console.log(`${kind}: ${row.path}, ${row.conversation}: ${detail} ${row.refused ?? ''}`);
}
console.log(`${String(templates.size)} templates`, Object.fromEntries(counts));
if (counts.has('DIFFERENT')) process.exitCode = 1;
