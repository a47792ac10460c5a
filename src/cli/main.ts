#!/usr/bin/env node
import { program } from './program.js';

// A closed pipe (| head) or terminal ends the output, and not a run of hours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

await program.parseAsync();
