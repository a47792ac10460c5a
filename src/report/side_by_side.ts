import type { RunModel } from '../analysis/index.js';
import type { Field } from '../metrics/index.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { lineFigure } from './line_figure.js';
import { seriesInk } from './palette.js';
import type { NamedFigures } from './figure.js';
import { fieldLabel, promptsName } from './story.js';

const FIGURES: readonly { field: Field; name: string }[] = [
  { field: 'accuracy', name: 'accuracy' },
  { field: 'clipped_ratio', name: 'cut-off' },
  { field: 'target_wr_rewarded', name: 'target-wr-rewarded' },
  { field: 'target_wr', name: 'target-wr' },
];

/** Runs of GRPO in one figure for each measure of their training prompts and each language of these. */
export function sideBySide(runs: readonly RunModel[]): NamedFigures {
  const languages: (Language | null)[] = LANGUAGES.filter((language) =>
    runs.some((run) => run.languages.includes(language)),
  );
  if (runs.some((run) => run.languages.length === 0)) languages.push(null);
  return languages.flatMap((language) => {
    const suffix = languages.length > 1 ? `-${language ?? 'unknown'}` : '';
    return FIGURES.map(({ field, name }): NamedFigures[number] => [
      `${name}${suffix}`,
      lineFigure({
        title: capital(fieldLabel(field, language)),
        of: promptsName(language),
        unit: 'share',
        scale: 'share',
        series: runs.flatMap((run, i) =>
          run.training
            .filter((series) => series.language === language)
            .map(({ of }) => ({
              name: run.label,
              ...seriesInk(i),
              points: of(field),
            })),
        ),
      }),
    ]);
  });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
