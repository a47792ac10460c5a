import type { LanguageRow } from './row.js';

export const turkish = {
  name: 'Turkish',
  ownName: 'Türkçe',
  otherNames: ['tur', 'turkce'],
  thinkPrefix: 'Adım adım Türkçe düşünelim.',
  thinkWord: 'düşünce',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#9b8e27', dark: '#8a8247' },
  units: 'sa dk sn TL',
  letterWords: 'oO',
  marks: {
    words:
      'bir ve bu şu o da de ki mi mı mu mü ile için ne kadar kaç gibi daha çok az en her tüm bütün hepsi ama fakat veya ya ' +
      'eğer ise çünkü sonra önce şimdi var yok olarak olan olur oldu olduğu olduğunu eder etti değil ben sen biz siz onlar ' +
      'onun bunun benim sadece yalnız göre toplam sayı sayısı cevap soru adım sonuç eşit gün hafta ay yıl saat dakika para ' +
      'fiyat lira dolar iki üç dört beş altı yedi sekiz dokuz on yirmi yüz bin yarısı yarım katı kalan kaldı kalır alır ' +
      'aldı verdi verir satın hesaplayalım bulalım bulmak gerekiyor gerekir böylece dolayısıyla yani ilk ikinci hiç bile ' +
      'kendi bazı diğer tane tanesi arasında üzerinde içinde yüzde peki artık nedir',
    letters: /[ğışİçöü]/giu,
    endings:
      /(?:l[ae]r|l[ae]r[ıiuü]|l[ae]rın|l[ae]rin|yor|yoruz|d[ıiuü]r|m[ae]k|m[ae]s[ıi]|[dt][ae]n|s[ıiuü]n[ae]|[ıiuü]n[ıiuü]n|s[ae]k|[ae]lım|[ae]lim|[ae]c[ae]k|m[ıiuü]ş|l[ıiuü]k|[ıiuü]z)$/iu,
  },
} as const satisfies LanguageRow;
