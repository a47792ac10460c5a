import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { Problem } from '../../src/data/types.js';
import { createGrader, type UngradedCompletion } from '../../src/reward/index.js';
import type { RewardSettings } from '../../src/reward/types.js';

interface Asked {
  reward: string;
  settings: Record<string, unknown>;
  completions: { completion: string; problem: Problem; ids: number[]; group: number; settings?: unknown }[];
}
type Behave = (response: ServerResponse, asked: Asked, request: IncomingMessage) => void;

const rewards = (response: ServerResponse, values: unknown): void => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ rewards: values }));
};
const lengths: Behave = (response, { completions }) => {
  rewards(
    response,
    completions.map(({ completion }) => completion.length),
  );
};
/** What it does with requests about completions; about none, it answers as it should. */
let behave: Behave = lengths;
const seen: Asked[] = [];
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (piece: Buffer) => (text += piece.toString()));
  request.on('end', () => {
    const asked = JSON.parse(text) as Asked;
    if (asked.completions.length === 0 && request.url === '/') return rewards(response, []);
    seen.push(asked);
    behave(response, asked, request);
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
after(() => {
  server.closeAllConnections();
  server.close();
});

const problem: Problem = { id: 'a', question: '3 + 4?', answer: '7', language: 'en', row: { level: 3 } };
const input = (completion: string, more: Partial<UngradedCompletion> = {}): UngradedCompletion => ({
  problem,
  completion,
  finish: 'stop',
  ...more,
});

async function grade(
  texts: readonly string[],
  doing: Behave = lengths,
  more: Partial<RewardSettings> = {},
): Promise<{ values: (number | null)[]; messages: string[]; requests: Asked[]; seconds: number }> {
  behave = doing;
  const grader = await createGrader(
    [
      { name: 'judge', weight: 1, url, timeout: 0.4, retries: 1, ...more },
      { name: 'accuracy', weight: 1 },
    ],
    { threads: 0 },
  );
  seen.length = 0;
  const began = performance.now();
  const graded = await grader.grade(texts.map((text, i) => input(text, { group: i >> 1, sample: i & 1, ids: [i] })));
  const seconds = (performance.now() - began) / 1e3;
  await grader.close();
  // Whatever it does, the other rewards are there.
  assert.ok(graded.every((row) => row.rewards[1] === 0));
  return {
    values: graded.map((row) => row.rewards[0]!),
    messages: graded.map(({ errors }) => errors[0]?.message ?? ''),
    requests: [...seen],
    seconds,
  };
}

test('a service is sent completions in batches, with settings and headers, and its values are the rewards', async () => {
  process.env['GLOSSA_TEST_KEY'] = 'secret';
  const keys: unknown[] = [];
  const { values, messages, requests } = await grade(
    ['a', 'bc', 'def', '', 'ghijk'],
    (response, asked, request) => {
      keys.push(request.headers.authorization);
      lengths(response, asked, request);
    },
    { batch_size: 2, settings: { strict: true }, headers: { Authorization: 'Bearer ${GLOSSA_TEST_KEY}' } },
  );
  assert.deepEqual(values, [1, 2, 3, 0, 5]);
  assert.deepEqual(messages, ['', '', '', '', '']);
  assert.deepEqual(
    requests.map(({ completions }) => completions.length),
    [2, 2, 1],
  );
  assert.deepEqual(keys, ['Bearer secret', 'Bearer secret', 'Bearer secret']);
  const [{ reward, settings, completions }] = requests as [Asked];
  assert.deepEqual([reward, settings], ['judge', { strict: true }]);
  assert.deepEqual(Object.keys(completions[1]!).sort(), [
    ...['answer', 'completion', 'correct', 'finish', 'group', 'ids', 'language', 'problem', 'sample', 'step'],
  ]);
  assert.deepEqual([completions[1]!.ids, completions[1]!.problem], [[1], problem]);
});

test('with calls a request has a whole group, or the whole generation', async () => {
  const sizes = async (calls: 'group' | 'batch') =>
    (await grade(['a', 'b', 'c', 'd', 'e'], lengths, { calls })).requests.map(({ completions }) => completions.length);
  assert.deepEqual((await sizes('group')).sort(), [1, 2, 2]);
  assert.deepEqual(await sizes('batch'), [5]);
});

test('what fails for the moment is tried again', async () => {
  for (const fail of [
    (response: ServerResponse) => response.writeHead(503).end('later'),
    (response: ServerResponse) => response.writeHead(429, { 'retry-after': '0' }).end(),
    (response: ServerResponse) => response.destroy(),
    () => undefined,
  ]) {
    let tries = 0;
    const { values, messages } = await grade(['ab'], (response, asked, request) =>
      tries++ === 0 ? void fail(response) : lengths(response, asked, request),
    );
    assert.deepEqual([values, messages, tries], [[2], [''], 2]);
  }
});

test('an answer that is none is an error with the address and what came, and not tried again', async () => {
  const json = (text: string) => (response: ServerResponse) => void response.end(text);
  const cases: [Behave, RegExp][] = [
    [json('<html><body>Welcome</body></html>'), /answered with what is no JSON: "<html><body>Welcome/],
    [json('{"rewards": [NaN, 1]}'), /no JSON \(JSON has no NaN and no Infinity; null is "not judged"\): /],
    [json('{"rewards": [1]}'), /answered 1 rewards for 2 completions: "\{/],
    [json('{"rewards": 1}'), /answered without a list "rewards": /],
    [json('[1, 2]'), /answered without a list "rewards": /],
    [json(''), /answered with what is no JSON: ""/],
    [(response) => response.writeHead(404).end('no such path'), /answered 404: "no such path"/],
    [
      (response) => response.writeHead(307, { location: 'http://elsewhere/' }).end(),
      /answered 307, a redirect to "http:\/\/elsewhere\/"; redirects are not followed/,
    ],
    [json(`{"rewards": [1, 2], "more": "${'x'.repeat(2 ** 21)}"}`), /answered with more than \d+ bytes/],
  ];
  for (const [doing, message] of cases) {
    const { values, messages, requests } = await grade(['a', 'b'], doing);
    assert.deepEqual(values, [null, null]);
    assert.equal(requests.length, 1, String(message));
    for (const each of messages) assert.ok(each.startsWith(url) && message.test(each), each);
  }
});

test('a wrong value costs its completion only', async () => {
  const { values, messages } = await grade(['a', 'b', 'c', 'd', 'e'], (response) =>
    response.end('{"rewards": [1, null, "good", 1e300, [2]]}'),
  );
  assert.deepEqual(values, [1, null, null, null, null]);
  assert.deepEqual(messages.slice(0, 2), ['', '']);
  assert.equal(messages[2], `${url} answered "good" for completion 3 of 5, expected a finite number (float32) or null`);
  assert.match(messages[3]!, /answered 1e\+300 for completion 4 of 5/);
  assert.match(messages[4]!, /answered an array of 1 for completion 5 of 5/);
});

test('one that is slow, drips, or closes early is waited for in bounded time, and given up for the batch', async () => {
  const drip: Behave = (response) => {
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  };
  const cases: [Behave, RegExp][] = [
    [() => undefined, /did not answer within 0\.4 s \(tried 2 times\)$/],
    [drip, /did not answer within 0\.4 s \(tried 2 times\)$/],
    [
      (response) => response.writeHead(200, { 'content-length': 100 }).write('{"rew', () => response.destroy()),
      /closed the connection before its answer had ended \(tried 2 times\)$/,
    ],
  ];
  for (const [doing, message] of cases) {
    const { values, messages, seconds } = await grade(Array<string>(40).fill('a'), doing, { batch_size: 2 });
    assert.ok(values.every((value) => value === null));
    assert.match(messages[0]!, message);
    assert.match(messages.at(-1)!, /^not asked: it failed too often in this batch, the last time: http/);
    assert.ok(seconds < 6, `${String(seconds)} s`);
  }
});

test('one that goes away in a run is an error; before a run it is refused, as is what answers nonsense', async () => {
  const { messages } = await grade(['a'], (response) => {
    server.close();
    server.closeAllConnections();
    response.destroy();
  });
  assert.match(messages[0]!, /cannot be reached: the connection failed \(ECONNREFUSED\) \(tried 2 times\)$/);
  const open = (more: Partial<RewardSettings>) =>
    createGrader([{ name: 'judge', weight: 1, url, retries: 0, timeout: 0.4, ...more }]);
  await assert.rejects(open({}), {
    code: 'REWARD_SERVICE',
    message: `reward judge: ${url} cannot be reached: the connection failed (ECONNREFUSED)`,
    hint: /start it, or look at its url/,
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  behave = (response) => rewards(response, [1]);
  await assert.rejects(open({ url: `${url}other` }), { message: /answered 1 rewards for 0 completions/ });
  const headers = { authorization: 'Bearer ${GLOSSA_TEST_NO_KEY}' };
  await assert.rejects(open({ headers }), {
    message: /header authorization: the environment has no GLOSSA_TEST_NO_KEY/,
  });
});

test('a grader that is closed ends what is asked', async () => {
  behave = () => undefined;
  const grader = await createGrader([{ name: 'judge', weight: 1, url, timeout: 60 }], { threads: 0 });
  const grading = assert.rejects(grader.grade([input('a')]), { code: 'GRADER_CLOSED' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await grader.close();
  await grading;
});
