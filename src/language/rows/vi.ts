import type { LanguageRow } from './row.js';

export const vietnamese = {
  name: 'Vietnamese',
  ownName: 'Tiếng Việt',
  otherNames: ['vie', 'vn'],
  thinkPrefix: 'Hãy suy nghĩ từng bước bằng tiếng Việt.',
  thinkWord: 'suy nghĩ',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#174258', dark: '#96d4f7' },
  units: 'đ',
  letterWords: 'àÀýÝởỞôÔạẠồỒừỪủỦ',
  marks: {
    words:
      'là và của có không một hai ba bốn năm sáu bảy tám chín mười các những này đó cho với trong ngoài trên dưới khi nếu ' +
      'thì mà nên vì để được bị đã đang sẽ còn lại bao nhiêu mỗi tất cả tổng số cộng trừ nhân chia bằng vậy do nhưng hoặc ' +
      'hay cũng rất hơn ít nhiều anh chị em cô ông bà họ chúng ta tôi nó ấy ngày tuần tháng giờ phút tiền giá mua bán đô la ' +
      'câu hỏi đáp án bước đầu tiên sau trước ra vào đến từ về theo như cần phải tìm tính quả cái con chiếc người việc lần ' +
      'nghìn triệu trăm phần nửa gấp đôi',
    letters: /[\u1ea0-\u1ef9ăđơư]/giu,
  },
} as const satisfies LanguageRow;
