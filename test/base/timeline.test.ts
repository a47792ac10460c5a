import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen, tellSpan, timed, type Span } from '../../src/base/timeline.js';

test('spans are told to whoever listens, those of what failed too, and to nobody afterwards', async () => {
  const heard: Span[] = [];
  const deafen = listen((span) => heard.push(span));
  tellSpan({ track: 'a', name: 'one', begin: 1, end: 2 });
  assert.equal(await timed({ track: 'b', name: 'two', args: { rows: 3 } }, () => Promise.resolve(7)), 7);
  await assert.rejects(
    timed({ track: 'b', name: 'three' }, () => Promise.reject(new Error('no'))),
    /no/,
  );
  deafen();
  tellSpan({ track: 'a', name: 'four', begin: 1, end: 2 });
  assert.deepEqual(
    heard.map(({ track, name, args }) => [track, name, args]),
    [
      ['a', 'one', undefined],
      ['b', 'two', { rows: 3 }],
      ['b', 'three', undefined],
    ],
  );
  assert.ok(heard[1]!.end >= heard[1]!.begin);
});
