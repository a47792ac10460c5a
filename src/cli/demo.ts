import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { runDemo, type DemoScene } from './demo_runs.js';
import { writeReport } from '../report/index.js';
import { makeFolder } from '../base/folder.js';
import { readRun } from '../run/index.js';
import { numberOption } from './arguments.js';
import { openDisplay } from './display.js';
import { resultLines, titleOf, verdict } from './demo_result.js';
import { wrap } from './fit_line.js';
import { duration } from './format.js';
import { onInterrupt } from './interrupt.js';
import { showTraining } from './train_display.js';

export interface DemoOptions {
  seed: string;
  out: string;
  json?: boolean;
  open: boolean;
  progress: string;
}

const STORY: Record<DemoScene, string> = {
  pretrain:
    'A model of about 0.2 M parameters reads made word problems: most in English, some in Korean, and now and then a Korean problem with an English solution.',
  grpo: 'GRPO on Korean problems; only right answers count. Watch the Korean words.',
  language_reward: 'The same once more, with a reward for Korean words beside the one for right answers.',
  control: 'The control: GRPO on a model that never saw a Korean problem solved in English.',
};

export async function demo(options: DemoOptions): Promise<void> {
  const began = performance.now();
  const seed = numberOption('seed', options.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true });
  const out = resolve(options.out);
  const display = openDisplay(options.progress);
  // There is nothing to save for: the first Ctrl-C ends the demo.
  const interrupt = onInterrupt(() => undefined);
  try {
    await makeFolder(out);
    const result = await runDemo(seed, out, {
      abort: interrupt.stop,
      scene: (scene) => {
        display.line('');
        for (const line of wrap(STORY[scene].split(' '), display.width)) display.line(line);
      },
      tell: (run) => showTraining(display, run),
    });
    display.end();
    const report = join(out, 'report.html');
    const runs = await Promise.all(result.runs.map(async ({ label, dir }) => ({ label, summary: await readRun(dir) })));
    await writeReport(runs, report, { title: titleOf(result) });
    const seconds = (performance.now() - began) / 1e3;
    const say = (text: string) => {
      for (const line of wrap(text.split(' '), display.width)) display.line(line);
    };
    display.line('');
    for (const line of resultLines(result, display.width)) display.line(line);
    display.line('');
    for (const sentence of verdict(result)) say(sentence);
    say(`${duration(seconds)} in all. Report: ${report}`);
    if (options.json) {
      const { base, grpo, language_reward, control, control_base, cached } = result;
      process.stdout.write(
        `${JSON.stringify({ seed, wall_s: seconds, peak_rss_mb: process.resourceUsage().maxRSS / 1024, base, grpo, language_reward, control, control_base, pretrained_from_cache: cached, report })}\n`,
      );
    } else if (display.mode === 'none') process.stdout.write(`${report}\n`);
    if (options.open && !options.json) openInBrowser(report);
  } catch (error) {
    display.end();
    throw error;
  } finally {
    interrupt.restore();
  }
}

/** On a desktop with a terminal only. A browser that does not start is no failure of the demo. */
function openInBrowser(path: string): void {
  const desktop =
    process.platform === 'darwin' || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  if (!desktop || !process.stdout.isTTY) return;
  const child = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [path], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
