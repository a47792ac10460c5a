import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRaw } from '../../src/config/index.js';
import { createEngine, measuredPeak, nativeInfo } from '../../src/engine/index.js';
import { TINY } from './tiny.js';

describe('the device of an engine', () => {
  const { devices, gpu } = nativeInfo();

  it('is the CPU where none is named, and says so', async () => {
    const engine = await createEngine(TINY.config, 1n);
    assert.equal(engine.info().device, process.env['GLOSSA_DEVICE'] ?? 'cpu');
    await engine.dispose();
    assert.equal(devices[0], 'cpu');
    assert.notEqual(gpu, '');
  });

  it('is a GPU, or what is missing for it is said', async () => {
    const opened = createEngine(TINY.config, 1n, { device: 'cuda' });
    if (devices.includes('cuda:0')) {
      const engine = await opened;
      assert.equal(engine.info().device, 'cuda');
      await engine.dispose();
      assert.ok(measuredPeak({ device: 'cuda' }) > 0);
    } else {
      await assert.rejects(opened, ({ code, message }: Error & { code: string }) => {
        assert.match(code, /^(DEVICE_NOT_BUILT|GPU_NOT_FOUND|GPU_DRIVER_TOO_OLD)$/);
        return code !== 'DEVICE_NOT_BUILT' || message.includes('npm run build:cuda');
      });
    }
  });

  it('is refused where there is no such thing', async () => {
    for (const device of ['tpu', 'cpu:1', 'cuda:', 'cuda:x', 'cuda:-1', 'CUDA', 'cuda:1234'])
      await assert.rejects(createEngine(TINY.config, 1n, { device }), { code: 'DEVICE_UNKNOWN' });
    await assert.rejects(createEngine(TINY.config, 1n, { device: 'cuda:99' }), ({ code }: Error & { code: string }) =>
      /^(DEVICE_NOT_BUILT|GPU_)/.test(code),
    );
  });

  it('is a setting of a config', () => {
    const check = (device: unknown) => checkRaw({ model: { lab: {} }, device }, { path: 'a.yaml', overrides: [] });
    assert.equal(check('cuda:1').device, 'cuda:1');
    assert.throws(() => check('gpu'), /device.*expected cpu, cuda or cuda:N/s);
  });
});
