// Time and memory of reading a set of problems and drawing from it: node --import tsx scripts/measure_data.ts FILE
import { readFileSync } from 'node:fs';
import { promptOrder, streamDataSet } from '../src/data/index.js';

const path = process.argv[2]!;
const began = performance.now();
const set = await streamDataSet({ path });
const read = performance.now();
const order = promptOrder([set], 42n);
let characters = 0;
for (let i = 0; i < 10_000; i++) characters += order(i).question.length;
const drawn = performance.now();
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
console.log(
  `${String(set.problems.length)} problems: read in ${((read - began) / 1e3).toFixed(1)} s, a draw ${((drawn - read) / 10).toFixed(1)} us (${String(characters)} characters), peak ${peak.toFixed(0)} MB`,
);
