import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Display } from '../../src/cli/display.js';
import { bar, count, duration, figure, percent, textTable } from '../../src/cli/format.js';

describe('figures on a terminal', () => {
  it('are short, and a dash where there is none', () => {
    assert.equal(percent(0.456), '46 %');
    assert.equal(percent(null), '-');
    assert.equal(figure(0.123456), '0.123');
    assert.equal(figure(0), '0');
    assert.equal(figure(2.5e-5), '2.5e-5');
    assert.equal(figure(NaN), '-');
    assert.deepEqual([0.042, 4.23, 42.3, 200, 7500].map(duration), [
      '42 ms',
      '4.2 s',
      '42 s',
      '3 min 20 s',
      '2 h 5 min',
    ]);
    assert.deepEqual([9.97, 59.7, 119.7, 3599.9].map(duration), ['10 s', '1 min 0 s', '2 min 0 s', '1 h 0 min']);
    assert.deepEqual(
      [0, 1, 2].map((n) => count(n, 'step')),
      ['0 steps', '1 step', '2 steps'],
    );
    assert.equal(bar(0.5, 4), '[##--]');
    assert.equal(
      textTable([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
      'a    bb\nccc   d',
    );
  });
});

function screen(): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  return {
    stream: {
      columns: 20,
      isTTY: true,
      write: (more: string) => ((text += more), true),
    } as unknown as NodeJS.WriteStream,
    text: () => text,
  };
}

describe('the display', () => {
  it('keeps one block below the lines that stay, cut to the width of the terminal', () => {
    const { stream, text } = screen();
    const display = new Display('live', stream);
    display.live(['a block that is much too long for it', 'two']);
    display.line('stays');
    display.end();
    assert.equal(text(), 'a block that is muc\ntwo\n\x1b[2A\x1b[Jstays\na block that is muc\ntwo\n\x1b[2A\x1b[J');
  });

  it('writes lines only where there is no terminal, objects in mode json, nothing in mode none', () => {
    for (const [mode, expected] of [
      ['plain', 'x\n'],
      ['json', '{"a":1}\n'],
      ['none', ''],
    ] as const) {
      const { stream, text } = screen();
      const display = new Display(mode, stream);
      display.live(['block']);
      display.line('x');
      display.json({ a: 1 });
      assert.equal(text(), expected);
    }
  });
});
