import type { LanguageRow } from './row.js';

export const portuguese = {
  name: 'Portuguese',
  ownName: 'português',
  otherNames: ['por', 'portugues', 'br'],
  thinkPrefix: 'Vou pensar passo a passo em português.',
  thinkWord: 'pensamento',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#011e8c', dark: '#5e7ec2' },
  letterWords: 'aAeEoOàÀéÉ',
  marks: {
    words:
      'o a os as um uma uns umas de do da dos das no na nos nas em ao aos à às pelo pela pelos pelas e ou mas é são era ' +
      'eram está estão foi foram há tem têm tinha tinham que quem qual quais quanto quanta quantos quantas como quando onde ' +
      'porque pois por para com sem sobre entre até desde se lhe lhes me te meu minha seu sua seus suas este esta estes ' +
      'estas esse essa isso isto aquele ele ela eles elas eu nós você vocês não sim mais menos muito muitos também já ainda ' +
      'cada todo toda todos todas tudo outro outra mesmo mesma então depois antes primeiro agora assim portanto enquanto ' +
      'total número resposta pergunta passo soma resto sobram restam custa compra vende dá preço dinheiro dia dias semana ' +
      'semanas mês meses ano anos hora horas vezes vez dois duas três quatro cinco seis sete oito nove dez onze doze vinte ' +
      'cem metade dobro igual pode deve podemos devemos sabemos calcular calculamos encontrar temos precisamos ontem hoje ' +
      'resultado valor diferença numa num reais dólares',
    letters: /[ãõ]|ç[aoãõu]/giu,
    endings:
      /(?:ção|ções|ões|ões|ão|ãos|inho|inha|amos|ando|endo|dade|dades|aram|eram|mente|ou|eiro|eira|agem|lh[oa]s?|nh[oa]s?)$/iu,
  },
} as const satisfies LanguageRow;
