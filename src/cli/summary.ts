import { summaryOf, summaryText } from '../analysis/index.js';

export async function summaryCommand(run: string): Promise<void> {
  process.stdout.write(summaryText(await summaryOf(run)));
}
