export { decodingLaw, type DecodingLaw, type DecodingSettings } from './law.js';
export { ALLOWED_NAMES } from './scripts.js';
