import { ANY_BEGIN, numbered, type NumberWords } from '../row.js';

export const TH: NumberWords = {
  languages: ['th'],
  words: { ...numbered(0, 'ศูนย์ หนึ่ง|เอ็ด สอง|ยี่ สาม สี่ ห้า หก เจ็ด แปด เก้า') },
  scales: { สิบ: 10, ร้อย: 100, พัน: 1e3, หมื่น: 1e4, แสน: 1e5, ล้าน: 1e6, โหล: 12 },
  section: 1e6,
  alone: { ครึ่ง: '0.5', ครึ่งหนึ่ง: '0.5' },
  joint: '',
  begin: ANY_BEGIN,
  end: /^(?:$|[\s\p{P}]|คน|บาท|ลูก|ตัว|ผล|ชิ้น|อัน|เล่ม|วัน|ชั่วโมง|นาที|ปี|ครับ|ค่ะ)/u,
};
