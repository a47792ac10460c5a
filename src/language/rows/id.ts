import type { LanguageRow } from './row.js';

export const indonesian = {
  name: 'Indonesian',
  ownName: 'Bahasa Indonesia',
  otherNames: ['ind', 'in', 'bahasa'],
  thinkPrefix: 'Mari berpikir langkah demi langkah dalam bahasa Indonesia.',
  thinkWord: 'pikiran',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#aa7d8f', dark: '#e5659f' },
  units: 'jt rb',
  // Malay's: eld takes the two for one.
  detectorCode: 'ms',
  marks: {
    words:
      'yang dan di ke dari untuk dengan pada adalah ini itu tidak bukan ada akan telah sudah sedang masih juga atau tetapi ' +
      'tapi jika kalau karena sehingga maka jadi agar supaya seperti dalam luar atas bawah antara setiap tiap semua seluruh ' +
      'banyak sedikit lebih kurang sama berapa apa siapa kapan mana bagaimana mengapa dia ia mereka kita kami saya aku anda ' +
      'kamu nya satu dua tiga empat lima enam tujuh delapan sembilan sepuluh belas puluh ratus ribu juta jumlah total hasil ' +
      'jawaban jawabannya pertanyaan langkah pertama kedua ketiga kemudian lalu setelah sebelum sekarang hari minggu bulan ' +
      'tahun jam menit kali bagi tambah kurangi dikurangi dikali dibagi ditambah harga uang dolar rupiah membeli menjual ' +
      'memiliki punya mempunyai memberi memberikan dapat bisa harus perlu mari menghitung hitung cari mencari tersisa sisa ' +
      'orang anak buah oleh kepada sebuah seorang para bahwa secara hanya saja lagi lain tersebut terhadap tentang sampai ' +
      'hingga ketika saat sambil bila setengah separuh sebanyak hak tanpa serta nilai per buku kotak',
    endings: /(?:nya|kan|lah|kah|annya|inya)$/iu,
    beginnings: /^(?:meng|meny|mem|men|ber|ter|peng|pem|pen|diper|di[bcdghjklmpst])[a-z]{3,}/iu,
  },
} as const satisfies LanguageRow;
