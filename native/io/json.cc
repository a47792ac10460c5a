#include "io/json.h"

#include <charconv>
#include <cstdint>
#include <unordered_set>

namespace glossa {
namespace {

constexpr int kMaxDepth = 64;
constexpr int64_t kMaxValues = 1 << 20;  // a value of two bytes takes a hundred in memory

// RFC 8259 and nothing beside it: no comments, no trailing commas, no NaN, UTF-8 only.
class Reader {
 public:
  Reader(const std::string& text, const std::string& where) : text_(text), where_(where) {}

  Result<Json> document() {
    Json value;
    skip_space();
    if (!read_value(&value, 0)) return error();
    skip_space();
    if (at_ != text_.size()) {
      fail("text after the end of the value");
      return error();
    }
    return value;
  }

 private:
  Status error() const {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < fault_at_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        column = 1;
      } else {
        ++column;
      }
    }
    return Status("JSON_INVALID",
                  where_ + ":" + std::to_string(line) + ":" + std::to_string(column) + ": not valid JSON: " + fault_);
  }
  bool fail(std::string fault) {
    fault_ = std::move(fault);
    fault_at_ = at_;
    return false;
  }
  bool end() const { return at_ >= text_.size(); }
  char peek() const { return end() ? '\0' : text_[at_]; }
  bool digit() const { return !end() && text_[at_] >= '0' && text_[at_] <= '9'; }
  bool take(char c) {
    if (end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (!end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }

  bool read_value(Json* out, int depth) {
    if (end()) return fail("the text ends where a value should begin");
    if (++values_ > kMaxValues) return fail("more than " + std::to_string(kMaxValues) + " values");
    switch (peek()) {
      case '{':
        return read_object(out, depth);
      case '[':
        return read_array(out, depth);
      case '"':
        out->kind = Json::Kind::string;
        return read_string(&out->string);
      case 't':
        out->kind = Json::Kind::boolean;
        out->boolean = true;
        return read_word("true");
      case 'f':
        out->kind = Json::Kind::boolean;
        return read_word("false");
      case 'n':
        return read_word("null");
      default:
        return read_number(out);
    }
  }

  bool read_word(const char* word) {
    std::string_view expected(word);
    if (text_.compare(at_, expected.size(), expected) != 0) return fail("expected " + std::string(word));
    at_ += expected.size();
    return true;
  }

  bool read_number(Json* out) {
    size_t start = at_;
    take('-');
    if (!digit()) {
      at_ = start;
      return fail("expected a value");
    }
    if (take('0')) {
      if (digit()) return fail("a number must not begin with 0");
    } else {
      while (digit()) ++at_;
    }
    if (take('.')) {
      if (!digit()) return fail("expected a digit after the decimal point");
      while (digit()) ++at_;
    }
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digit()) return fail("expected a digit in the exponent");
      while (digit()) ++at_;
    }
    out->kind = Json::Kind::number;
    out->string = text_.substr(start, at_ - start);
    auto parsed = std::from_chars(text_.data() + start, text_.data() + at_, out->number);
    if (parsed.ec == std::errc::result_out_of_range) {
      at_ = start;
      return fail("the number is outside the range of a float64");
    }
    return true;
  }

  bool read_hex4(uint32_t* out) {
    *out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char c = peek();
      uint32_t v;
      if (c >= '0' && c <= '9')
        v = static_cast<uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        v = static_cast<uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        v = static_cast<uint32_t>(c - 'A' + 10);
      else
        return fail("expected four hexadecimal digits after \\u");
      *out = *out * 16 + v;
    }
    return true;
  }

  static void append_utf8(std::string* out, uint32_t c) {
    auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | (c >> 6));
      put(0x80 | (c & 63));
    } else if (c < 0x10000) {
      put(0xe0 | (c >> 12));
      put(0x80 | ((c >> 6) & 63));
      put(0x80 | (c & 63));
    } else {
      put(0xf0 | (c >> 18));
      put(0x80 | ((c >> 12) & 63));
      put(0x80 | ((c >> 6) & 63));
      put(0x80 | (c & 63));
    }
  }

  bool read_unicode_escape(std::string* out) {
    uint32_t c;
    if (!read_hex4(&c)) return false;
    if (c >= 0xdc00 && c < 0xe000) return fail("a low surrogate without a high one before it");
    if (c >= 0xd800 && c < 0xdc00) {
      uint32_t low;
      if (!take('\\') || !take('u')) return fail("a high surrogate without a low one after it");
      if (!read_hex4(&low)) return false;
      if (low < 0xdc00 || low >= 0xe000) return fail("a high surrogate without a low one after it");
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, c);
    return true;
  }

  // One character of two to four bytes: shortest form, no surrogates, at most U+10FFFF.
  bool read_multibyte(std::string* out) {
    auto byte = [this](size_t i) { return at_ + i < text_.size() ? static_cast<uint8_t>(text_[at_ + i]) : 0u; };
    uint32_t first = byte(0), low = 0x80, high = 0xbf;
    size_t n;
    if (first >= 0xc2 && first <= 0xdf) {
      n = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
      n = 3;
      if (first == 0xe0) low = 0xa0;
      if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      n = 4;
      if (first == 0xf0) low = 0x90;
      if (first == 0xf4) high = 0x8f;
    } else {
      return fail("a byte that is not UTF-8");
    }
    for (size_t i = 1; i < n; ++i, low = 0x80, high = 0xbf) {
      if (byte(i) < low || byte(i) > high) return fail("bytes that are not UTF-8");
    }
    out->append(text_, at_, n);
    at_ += n;
    return true;
  }

  bool read_string(std::string* out) {
    ++at_;  // the opening quote
    for (;;) {
      if (end()) return fail("the text ends inside a string");
      uint8_t c = static_cast<uint8_t>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return fail("a control character inside a string");
      if (c >= 0x80) {
        if (!read_multibyte(out)) return false;
        continue;
      }
      ++at_;
      if (c != '\\') {
        out->push_back(static_cast<char>(c));
        continue;
      }
      if (take('u')) {
        if (!read_unicode_escape(out)) return false;
        continue;
      }
      static constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
      size_t which = end() ? std::string_view::npos : kEscapes.find(text_[at_]);
      if (which == std::string_view::npos) return fail("an unknown escape");
      out->push_back(kMeaning[which]);
      ++at_;
    }
  }

  bool read_array(Json* out, int depth) {
    if (depth >= kMaxDepth) return fail("nested more than " + std::to_string(kMaxDepth) + " deep");
    out->kind = Json::Kind::array;
    ++at_;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      skip_space();
      out->array.emplace_back();
      if (!read_value(&out->array.back(), depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail("expected , or ] in an array");
    }
  }

  bool read_object(Json* out, int depth) {
    if (depth >= kMaxDepth) return fail("nested more than " + std::to_string(kMaxDepth) + " deep");
    out->kind = Json::Kind::object;
    std::unordered_set<std::string> seen;
    ++at_;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      skip_space();
      if (peek() != '"') return fail("expected a key in quotes");
      size_t key_at = at_;
      out->object.emplace_back();
      if (!read_string(&out->object.back().name)) return false;
      if (!seen.insert(out->object.back().name).second) {
        at_ = key_at;
        return fail("the key " + json_quote(out->object.back().name) + " appears twice");
      }
      skip_space();
      if (!take(':')) return fail("expected : after a key");
      skip_space();
      if (!read_value(&out->object.back().value, depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return fail("expected , or } in an object");
    }
  }

  const std::string& text_;
  const std::string& where_;
  size_t at_ = 0, fault_at_ = 0;
  int64_t values_ = 0;
  std::string fault_;
};

void append_text(const Json& value, const std::string& margin, std::string* out) {
  const std::string inner = margin + "  ";
  auto list = [&](char open, char close, const auto& items, const auto& item) {
    *out += open;
    for (size_t i = 0; i < items.size(); ++i) {
      *out += (i ? ",\n" : "\n") + inner;
      item(items[i]);
    }
    if (!items.empty()) *out += "\n" + margin;
    *out += close;
  };
  switch (value.kind) {
    case Json::Kind::null:
      *out += "null";
      break;
    case Json::Kind::boolean:
      *out += value.boolean ? "true" : "false";
      break;
    case Json::Kind::number:
      *out += value.string;
      break;
    case Json::Kind::string:
      *out += json_quote(value.string);
      break;
    case Json::Kind::array:
      list('[', ']', value.array, [&](const Json& item) { append_text(item, inner, out); });
      break;
    case Json::Kind::object:
      list('{', '}', value.object, [&](const auto& member) {
        *out += json_quote(member.name) + ": ";
        append_text(member.value, inner, out);
      });
  }
}

}  // namespace

std::string json_text(const Json& value) {
  std::string out;
  append_text(value, "", &out);
  return out;
}

const Json* Json::find(const std::string& key) const {
  for (const auto& [name, value] : object)
    if (name == key) return &value;
  return nullptr;
}

Result<Json> Json::parse(const std::string& text, const std::string& where) {
  return Reader(text, where).document();
}

std::string json_quote(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    uint8_t u = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace glossa
