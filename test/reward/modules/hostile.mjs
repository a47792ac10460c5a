import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const held = [];
/** Tries to end, to hang or to deceive what calls it. */
export default ({ completion }) => {
  switch (completion) {
    case 'memory':
      for (;;) held.push(Buffer.alloc(16 * 2 ** 20, 1));
    case 'heap':
      for (;;) held.push(new Array(1e6).fill(held.length));
    case 'post':
      parentPort.postMessage({ kind: 'graded' });
      return 1;
    case 'send':
      process.send({ kind: 'called', called: { value: 1e6 } });
      return 1;
    case 'forge':
      writeSync(3, '{"kind":"called","called":{"value":1000000}}\n');
      return 1;
    case 'garbage':
      writeSync(3, 'x'.repeat(1000) + '\n');
      return 1;
    case 'abort':
      process.abort();
      break;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    case 'child':
      spawn('sleep', ['600'], { stdio: 'ignore' });
      for (;;);
    case 'print':
      for (let i = 0; i < 2000; i++) console.log('y'.repeat(10_000));
      return 1;
    case 'getter':
      throw Object.defineProperty(new Error('x'), 'message', {
        get() {
          throw new Error('again');
        },
      });
    case 'symbol':
      return Symbol('reward');
    case 'huge':
      return 1e300;
    case 'nothing':
      return undefined;
    case 'reject':
      Promise.reject(new Error('nobody waits for this'));
      return new Promise(() => undefined);
    default:
      return completion.length;
  }
};
