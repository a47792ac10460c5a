import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';

setFlagsFromString('--allow-natives-syntax');
export const detachAtOnce = runInNewContext('(buffer) => %ArrayBufferDetach(buffer)') as (buffer: ArrayBuffer) => void;

/** Detaches a buffer: its memory is freed, or belongs to somebody else. */
export const WAYS: Record<string, (buffer: ArrayBuffer) => void> = {
  "V8's own %ArrayBufferDetach": detachAtOnce,
  'structuredClone with transfer': (buffer) => {
    structuredClone(buffer, { transfer: [buffer] });
  },
  'postMessage to another thread': (buffer) => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(buffer, [buffer]);
    port1.close();
    port2.close();
  },
  ...('transfer' in ArrayBuffer.prototype && {
    'ArrayBuffer.prototype.transfer': (buffer: ArrayBuffer) => {
      // To another size, so that the memory itself moves.
      (buffer as ArrayBuffer & { transfer(size: number): ArrayBuffer }).transfer(buffer.byteLength + 4096);
    },
  }),
};
