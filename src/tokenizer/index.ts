export type { Stretch, TemplateFile, Tokenizer } from './types.js';
export { byteSymbols } from './byte_symbols.js';
export { loadTokenizer } from './load.js';
export { spellingPattern } from './spelling.js';
export { hasTokenizer } from './tokenizer_file.js';
export { fitToModel } from './vocabulary.js';
