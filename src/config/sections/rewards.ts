import { z } from 'zod';
import { share } from './numbers.js';
import { scheduled } from './scheduled.js';
import { path } from './texts.js';

/** An entry of `rewards`: one of glossa's own, a module, or a service. */
export const rewardSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe(
      'accuracy, format, language, language_gated, language_plain, language_threshold, language_summary, or a name of your own with `module` or `url`.',
    ),
  weight: scheduled(z.number().min(-1e6).max(1e6).meta({ unit: 'weight' }))
    .default(1)
    .meta({ unit: 'weight', fallback: '`1`' })
    .describe('In the weighted sum: a number, or a schedule over the steps.'),
  threshold: share
    .optional()
    .meta({ fallback: '0.9' })
    .describe('Of language_threshold: Target WR of the reasoning from which 1 is paid.'),
  module: path
    .optional()
    .describe('Module that exports the reward as its default; a relative path counts from the config file.'),
  url: z
    .string()
    .regex(/^https?:\/\/[^\s@]+$/, 'expected an http:// or https:// address without a user')
    .optional()
    .describe('Service that is asked for the reward by HTTP (docs/rewards.md).'),
  settings: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Handed to the module or service as `settings`: plain data of your own.'),
  timeout: z
    .number()
    .min(0.01)
    .max(86_400)
    .optional()
    .meta({ unit: 'seconds', fallback: '10 of a module, 30 of a service' })
    .describe('That one call of the module, or one request, may take.'),
  memory: z
    .number()
    .min(64)
    .max(1e6)
    .optional()
    .meta({ unit: 'MB', fallback: '2048' })
    .describe('That a process of the module may take, inside the JavaScript heap and outside.'),
  calls: z
    .enum(['completion', 'group', 'batch'])
    .optional()
    .meta({ fallback: '`completion`' })
    .describe(
      'Of a service: what a request is about: completions as they end, one whole group, or the whole generation.',
    ),
  batch_size: z
    .int()
    .min(1)
    .max(2 ** 20)
    .optional()
    .meta({ unit: 'completions', fallback: '32' })
    .describe('Of a service: completions a request at most, where `calls` is `completion`.'),
  retries: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .meta({ unit: 'tries', fallback: '2' })
    .describe('Of a service: further tries of a request that fails for the moment.'),
  headers: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'expected the name of a header'), z.string())
    .optional()
    .describe('Of a service: headers of each request; `${NAME}` in a value is the environment variable NAME.'),
});
