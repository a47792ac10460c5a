import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { parseConfig, settingsTable } from '../../src/config/index.js';
import { otherName } from '../../src/config/other_names.js';
import { nodeAt, sections } from '../../src/config/settings_tree.js';
import { findLanguage } from '../../src/language/index.js';

const BASE = 'model: { lab: {} }\n';
function message(text: string, ...sets: string[]): string {
  try {
    parseConfig(`${BASE}${text}`, { path: 'x.yaml', sets });
  } catch (error) {
    assert.ok(error instanceof GlossaError, String((error as Error).stack));
    return error.message;
  }
  throw new Error(`the config was accepted: ${text}`);
}

describe('a setting under a name of elsewhere', () => {
  const named: [yaml: string, hint: RegExp][] = [
    ['lr: 1', /x\.yaml:2:1: lr: unknown setting; did you mean optimizer\.learning_rate\?$/],
    ['optimizer: { lr: 1 }', /2:14: optimizer\.lr: unknown setting; did you mean learning_rate\?$/],
    ['grpo: { lr: 1 }', /grpo\.lr: unknown setting; did you mean optimizer\.learning_rate\?$/],
    ['grpo: { learning_rate: 1 }', /did you mean optimizer\.learning_rate\?$/],
    ['learning-rate: 1', /did you mean optimizer\.learning_rate\?$/],
    ['learningRate: 1', /did you mean optimizer\.learning_rate\?$/],
    ['per_device_train_batch_size: 8', /did you mean grpo\.generation_batch_size\?$/],
    ['grpo: { per_device_train_batch_size: 8 }', /did you mean generation_batch_size\?$/],
    ['gradient_accumulation_steps: 8', /did you mean grpo\.steps_per_generation\?$/],
    ['num_generations: 8', /did you mean grpo\.num_generations\?$/],
    ['optimizer: { num_generations: 8 }', /did you mean grpo\.num_generations\?$/],
    ['max_completion_length: 8', /did you mean grpo\.max_completion_length\?$/],
    ['max_new_tokens: 8', /did you mean grpo\.max_completion_length\?$/],
    ['max_prompt_length: 8', /prompts are never cut.*leave it out$/],
    ['save_steps: 8', /did you mean checkpoint\.every\?$/],
    ['checkpoint: { save_steps: 8 }', /did you mean every\?$/],
    ['save_total_limit: 8', /did you mean checkpoint\.keep\?$/],
    ['logging_steps: 8', /a line for every step; leave it out$/],
    ['output_dir: x', /did you mean run\.dir\?$/],
    ['bf16: true', /did you mean dtype: bfloat16\?$/],
    ['grpo: { bf16: true }', /did you mean dtype: bfloat16\?$/],
    ['fp16: true', /float16 is not computed; set dtype to bfloat16 or float32$/],
    ['torch_dtype: bfloat16', /did you mean dtype\?$/],
    ['model_name_or_path: x', /did you mean model\.path\?$/],
    ['kl_coef: 0.1', /did you mean grpo\.beta\?$/],
    ['reward_funcs: [x]', /did you mean rewards\?$/],
    ['use_vllm: true', /leave it out$/],
    ['system_prompt: x', /did you mean prompt\.system\?$/],
    ['temperature: 1', /did you mean grpo\.temperature\?$/],
    ['beta: 0.1', /did you mean grpo\.beta\?$/],
    ['sead: 1', /did you mean seed\?$/],
    ['warmup_step: 1', /did you mean optimizer\.warmup_steps\?$/],
    ['data: { train: [{ lab: {}, wieght: 2 }] }', /did you mean weight\?$/],
    ['xyzzy: 1', /unknown setting \(there are seed, model, /],
  ];
  for (const [yaml, hint] of named) {
    it(`is refused with the one it means: ${yaml}`, () => {
      assert.match(message(yaml), hint);
    });
  }

  it('is refused alike on the command line', () => {
    assert.match(
      message('', 'lr=1e-5'),
      /^--set lr=1e-5: lr: unknown setting; did you mean optimizer\.learning_rate\?$/,
    );
    assert.match(message('', 'optimizer.lr=1'), /optimizer\.lr: unknown setting; did you mean learning_rate\?$/);
    assert.match(message('', 'bf16=true'), /did you mean dtype: bfloat16\?$/);
  });

  it('means a setting that there is, or says why there is none', () => {
    const own = new Set([...sections().values()].flat());
    for (const name of own) assert.equal(otherName(name) === undefined || !nodeAt([name]), true, name);
    for (const name of ['lr', 'save_steps', 'bf16', 'output_dir', 'reward_funcs']) {
      const meant = otherName(name);
      assert.ok(typeof meant === 'string' && nodeAt(meant.split(':')[0]!.split('.')), name);
    }
  });
});

describe('a value under a name of elsewhere', () => {
  const named: [yaml: string, hint: RegExp][] = [
    ['dtype: bf16', /2:8: dtype: .*, got "bf16"; did you mean bfloat16\?$/],
    ['dtype: torch.bfloat16', /did you mean bfloat16\?$/],
    ['dtype: fp32', /did you mean float32\?$/],
    ['dtype: float16', /did you mean bfloat16\?$/],
    ['data: { train: [{ lab: { language: korean } }] }', /got "korean"; did you mean ko\?$/],
    ['data: { train: [{ lab: { language: Korean } }] }', /did you mean ko\?$/],
    ['data: { train: [{ path: x, language: ko-KR }] }', /did you mean ko\?$/],
    ['data: { train: [{ path: x, language: zh-CN }] }', /did you mean zh\?$/],
    ['data: { train: [{ path: x, language: french }] }', /got "french"; did you mean fr\?$/],
    ['data: { train: [{ path: x, language: klingon }] }', /got "klingon"$/],
    ['data: { train: [{ lab: { language: french } }] }', /got "french"$/],
    ['optimizer: { lr_scheduler_type: cosin }', /did you mean cosine\?$/],
    ['optimizer: { lr_scheduler_type: wsd }', /did you mean warmup_stable_decay\?$/],
    ['grpo: { scale_rewards: true }', /did you mean group\?$/],
    ['grpo: { scale_rewards: false }', /did you mean none\?$/],
    ['grpo: { loss_type: dapoo }', /did you mean dapo\?/],
    ['grpo: { loss_type: gspo }', /grpo with importance_sampling_level sequence/],
    ['grpo: { kl_estimator: low_var_kl }', /did you mean k3\?$/],
    ['rewards: [{ name: acuracy }]', /did you mean accuracy\?/],
  ];
  for (const [yaml, hint] of named) {
    it(`is refused with the one it means: ${yaml}`, () => {
      assert.match(message(yaml), hint);
    });
  }

  it('is a language in any of its usual spellings, and no other language', () => {
    const spellings = {
      ko: ['ko', 'KO', 'korean', 'Korean', 'KOREAN', 'kor', 'ko-KR', 'ko_KR', 'kr', '한국어', 'koraen'],
      zh: ['zh-CN', 'zh_Hans', 'zh-TW', 'chinese', 'Chinese (simplified)', 'cn', 'zho', 'mandarin', '中文'],
      en: ['english', 'eng', 'en-US', 'en_GB', 'Englsh'],
      ja: ['japanese', 'jp', 'jpn', 'ja-JP', '日本語'],
      th: ['thai', 'tha', 'th-TH', 'ไทย'],
      uk: ['ukrainian', 'ukr', 'ua', 'uk-UA', 'ukranian'],
      ru: ['russian', 'rus', 'ru-RU', 'русский', 'Russain'],
      de: ['german', 'ger', 'deu', 'de_DE', 'Deutsch'],
      fr: ['french', 'fra', 'fr-CA', 'français'],
      es: ['spanish', 'spa', 'es-MX', 'español', 'castellano'],
      pt: ['portuguese', 'pt-BR', 'por', 'português', 'portugese'],
      it: ['italian', 'ita', 'italiano'],
      vi: ['vietnamese', 'vie', 'vi-VN', 'Tiếng Việt'],
      id: ['indonesian', 'ind', 'id-ID', 'Bahasa Indonesia'],
      tr: ['turkish', 'tur', 'tr_TR', 'Türkçe'],
      sw: ['swahili', 'swa', 'sw-KE', 'Kiswahili'],
      ar: ['arabic', 'ara', 'ar-EG', 'العربية'],
      hi: ['hindi', 'hin', 'hi_IN', 'हिन्दी'],
      bn: ['bengali', 'bangla', 'ben', 'bn-BD', 'বাংলা'],
      te: ['telugu', 'tel', 'te-IN', 'తెలుగు', 'telegu'],
    };
    for (const [language, texts] of Object.entries(spellings))
      for (const text of texts) assert.equal(findLanguage(text), language, text);
    for (const text of [
      ...[
        'dutch',
        'nl',
        'danish',
        'swedish',
        'polish',
        'kurdish',
        'persian',
        'romanian',
        'urdu',
        'malay',
        'tamil',
        'catalan',
      ],
      ...['croatian', 'marathi', 'nepali', 'esperanto', 'latin'],
      '',
      ' ',
      'x',
      'k'.repeat(1e6),
    ])
      assert.equal(findLanguage(text), undefined, text.slice(0, 20));
  });
});

describe('a number that the engine does not take', () => {
  const wrong: [setting: string, values: string[]][] = [
    ['grpo.temperature', ['0', '-1', '1e-7', '1e7', '1e39', '.inf', '.nan', 'null', 'hot']],
    ['eval.temperature', ['-0.1', '1e39', '.inf']],
    ['grpo.top_p', ['0', '1.1', '-1']],
    ['eval.top_p', ['0', '1.1']],
    ['grpo.top_k', ['-1', '1.5', '3000000000']],
    ['grpo.min_p', ['-0.1', '1.1']],
    ['grpo.epsilon', ['0', '1', '-1']],
    ['grpo.epsilon_high', ['0', '-1', '1e39']],
    ['grpo.beta', ['-1', '1e39', '.inf']],
    ['grpo.max_steps', ['0', '-1', '1.5', '16777216', '1e12']],
    ['grpo.num_generations', ['0', '1', '2.5', '1e9']],
    ['grpo.prompts_per_step', ['0', '-1', '3000000000']],
    ['grpo.max_completion_length', ['0', '-1', '1.5', '3000000000']],
    ['eval.max_completion_length', ['0', '1.5', '3000000000']],
    ['eval.num_samples', ['0', '1.5', '3000000000']],
    ['optimizer.learning_rate', ['-1', '1e7', '.inf', '1e400']],
    ['optimizer.adam_beta1', ['-0.1', '1', '0.99999999']],
    ['optimizer.adam_beta2', ['1', '0.99999999']],
    ['optimizer.adam_epsilon', ['0', '-1', '2', '1e-40']],
    ['optimizer.weight_decay', ['-1', '1e7']],
    ['optimizer.max_grad_norm', ['-1', '.inf', '.nan']],
    ['optimizer.micro_batch_tokens', ['-1', '1.5', '3000000000']],
    ['optimizer.warmup_steps', ['-1', '1.5', '16777216']],
    ['seed', ['-1', '1.5', '9007199254740992', '1e30']],
    ['threads', ['-1', '1.5', '100000']],
    ['rewards.0.weight', ['.inf', '.nan', '1e39', '-1e39']],
    ['model.lab.pretrain.learning_rate', ['0', '-1', '1e39']],
    ['model.lab.pretrain.adam_beta2', ['1', '0.99999999']],
    ['model.lab.mix.ko.code_switch', ['-0.1', '1.1']],
    ['model.lab.mix.ko.share', ['-1', '.inf']],
    ['model.lab.vocab_size', ['0', '259', '1e9']],
  ];
  for (const [setting, values] of wrong) {
    it(`is refused by its setting: ${setting}`, () => {
      for (const value of values) assert.match(message('', `${setting}=${value}`), /^--set /, value);
    });
  }
});

describe('the table of settings', () => {
  it('has a row for every setting, and range, unit and meaning for every number', () => {
    const rows = settingsTable()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    const names = new Set(rows.map(([, name]) => name));
    for (const [section, keys] of [...sections()].filter(([section]) => section !== 'prompt.template'))
      for (const key of keys) {
        const at = section.replaceAll('.#', '[]').replace(/mix\.(?:zh|ja|th|uk)/, 'mix.{zh,ja,th,uk}');
        const name = `\`${at ? `${at}.` : ''}${at === 'model.lab.mix' && !['en', 'ko'].includes(key) ? '{zh,ja,th,uk}' : key}\``;
        // A section that says nothing about itself stands there by its settings.
        assert.ok(names.has(name) || sections().has(at ? `${at}.${key}` : key), name);
      }
    for (const [, name, type, unit, , meaning] of rows) {
      assert.notEqual(meaning, '', name);
      if (/^(?:integer|number)/.test(type!)) assert.notEqual(unit, '', name);
    }
    const cell = (name: string) => rows.find((row) => row[1] === `\`${name}\``)!;
    assert.equal(cell('model.lab.pretrain.steps')[4], '`600`');
    assert.equal(cell('model.lab.mix.ko.code_switch')[4], '`0.12`');
    assert.equal(cell('grpo.max_completion_length')[4], '512; with model.lab 128');
  });
});
