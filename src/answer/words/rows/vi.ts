import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

export const VI: NumberWords = {
  languages: ['vi'],
  words: numbered(0, 'không một|mốt hai ba bốn|tư năm|lăm|nhăm sáu bảy|bẩy tám chín mười'),
  scales: { mươi: 10, tá: 12, trăm: 100, nghìn: 1e3, ngàn: 1e3, triệu: 1e6, tỷ: 1e9, tỉ: 1e9 },
  section: 1e3,
  joint: '(?: linh | lẻ |, | )?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { 'một nửa': '0.5', nửa: '0.5' },
  andHalf: ' rưỡi',
  ambiguous: 'ba hai',
};
