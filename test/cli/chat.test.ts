import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readChat } from '../../src/cli/chat_file.js';
import { folderStyle } from '../../src/config/folder_style.js';

const dir = mkdtempSync(join(tmpdir(), 'glossa-chat-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe('a chat of files', () => {
  const messages = '[{"role": "user", "content": "Q"}]';
  const tools = '[{"type": "function", "function": {"name": "f"}}]';

  test('is a list of messages, or messages and tools', async () => {
    const apart = await readChat({ messages: file('m.json', messages), tools: file('t.json', tools) });
    const together = await readChat({ messages: file('both.json', `{"messages": ${messages}, "tools": ${tools}}`) });
    assert.deepEqual(apart, together);
    assert.equal(apart.messages![0]!.content, 'Q');
    assert.equal((await readChat({ messages: join(dir, 'm.json') })).tools, undefined);
  });

  test('is refused by file and place', async () => {
    const refused = async (name: string, text: string, message: RegExp) => {
      await assert.rejects(readChat({ messages: file(name, text) }), { code: 'USAGE', message });
    };
    await refused('a.json', '{', /a.json: no JSON/);
    await refused('b.json', 'null', /messages is null/);
    await refused('c.json', '[{"role": "user"}]', /messages\[0\]: expected content/);
    await refused('d.json', `{"messages": ${messages}, "tools": {}}`, /tools is an object/);
    await assert.rejects(readChat({ tools: file('e.json', '["f"]') }), { code: 'USAGE', message: /tools\[0\]/ });
    await assert.rejects(readChat({ messages: join(dir, 'none.json') }), { code: 'IO_ERROR' });
    await assert.rejects(readChat({ messages: '-', tools: '-' }), { code: 'USAGE' });
  });
});

test('a folder whose tokenizer has no chat template, or whose run was plain, is asked in plain style', () => {
  assert.equal(folderStyle(dir), 'chat');
  file('tokenizer.json', '{}');
  assert.equal(folderStyle(dir), 'plain');
  file('tokenizer_config.json', '{"chat_template": "{{ x }}"}');
  assert.equal(folderStyle(dir), 'chat');
  file('tokenizer_config.json', '{"chat_template": null}');
  assert.equal(folderStyle(dir), 'plain');
  file('chat_template.jinja', '{{ x }}');
  assert.equal(folderStyle(dir), 'chat');
  file('run.json', '{"config": {"prompt": {"style": "plain"}}}');
  assert.equal(folderStyle(dir), 'plain');
});
