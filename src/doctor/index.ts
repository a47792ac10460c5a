export { examine, type Environment } from './environment.js';
export { golden, type Golden } from './golden.js';
export { plan, planConfig, type RunPlan } from './plan.js';
export { selfTest, type SelfTest } from './self_test.js';
