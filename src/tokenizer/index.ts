export type { ControlToken, TemplateFile, Tokenizer } from './types.js';
export { byteSymbols } from './byte-symbols.js';
export { controlPattern, splitAtControlTokens } from './control.js';
export { loadTokenizer } from './load.js';
export { hasTokenizer } from './tokenizer-file.js';
export { checkVocabulary } from './vocabulary.js';
