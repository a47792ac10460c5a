#include "io/json.h"

#include <string>

#include "tool/test.h"

namespace glossa {
namespace {

Json parsed(const std::string& text) {
  Result<Json> r = Json::parse(text, "t.json");
  if (!r.ok()) {
    test::fail(__FILE__, __LINE__, text + ": " + r.status().message());
    return {};
  }
  return r.take();
}
// The message, or "" where the text was wrongly accepted.
std::string refused(const std::string& text) {
  Result<Json> r = Json::parse(text, "t.json");
  if (r.ok()) return "";
  CHECK_EQ(r.status().code(), std::string("JSON_INVALID"));
  return r.status().message();
}
bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST("json: values of every kind") {
  Json j = parsed(" {\"a\": [1, -2.5e3, 0, 1E-2, true, false, null, \"x\"], \"b\": {}, \"c\": []} \n");
  const Json& a = *j.find("a");
  CHECK_EQ(a.array.size(), 8u);
  CHECK_EQ(a.array[0].number, 1.0);
  CHECK_EQ(a.array[1].number, -2500.0);
  CHECK_EQ(a.array[3].number, 0.01);
  CHECK(a.array[4].boolean && !a.array[5].boolean && a.array[5].kind == Json::Kind::boolean);
  CHECK(a.array[6].is_null());
  CHECK_EQ(a.array[7].string, std::string("x"));
  CHECK(j.find("b")->kind == Json::Kind::object && j.find("c")->kind == Json::Kind::array);
  CHECK(j.find("d") == nullptr);
  CHECK(a.find("a") == nullptr);
}

TEST("json: numbers keep every bit of a float64") {
  CHECK_EQ(parsed("0.1").number, 0.1);
  CHECK_EQ(parsed("1.7976931348623157e308").number, 1.7976931348623157e308);
  CHECK_EQ(parsed("9007199254740993").number, 9007199254740992.0);
  CHECK(has(refused("1e999"), "range"));
}

TEST("json: escapes and surrogate pairs") {
  CHECK_EQ(parsed(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\ud55c\ud83d\ude00")").string,
           std::string("\"\\/\b\f\n\r\tA\u00e9\u1234\U0001F600").replace(11, 3, "\uD55C"));
  CHECK(has(refused(R"("\ud83d")"), "high surrogate"));
  CHECK(has(refused(R"("\ud83dx")"), "high surrogate"));
  CHECK(has(refused(R"("\ud83d\u0041")"), "high surrogate"));
  CHECK(has(refused(R"("\ude00")"), "low surrogate"));
  CHECK(has(refused(R"("\u12g4")"), "hexadecimal"));
  CHECK(has(refused(R"("\x41")"), "escape"));
}

TEST("json: only well-formed UTF-8") {
  CHECK_EQ(parsed("\"\u00e9\uD55C\U0001F600\"").string, std::string("\u00e9\uD55C\U0001F600"));
  for (const char* bad : {"\"\xff\"", "\"\x80\"", "\"\xc0\xaf\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"",
                          "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\"\xf0\x9f\x98"})
    CHECK(has(refused(bad), "UTF-8"));
}

TEST("json: what is nearly JSON is refused") {
  for (const char* bad :
       {"",    " ",   "{",   "[1,]",     "[1 2]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}",         "{'a':1}",
        "01",  "-",   "1.",  ".5",       "+1",    "1e",         "1e+",       "NaN",           "Infinity",
        "tru", "nul", "\"a", "\"a\nb\"", "1 2",   "[1]x",       "// c\n1",   "\xef\xbb\xbf{}"})
    CHECK(!refused(bad).empty());
}

TEST("json: a duplicate key is an error") {
  CHECK(has(refused(R"({"a":1,"b":2,"a":3})"), "\"a\" appears twice"));
  CHECK(has(refused(R"({"a":1,"\u0061":3})"), "appears twice"));
  parsed(R"({"a":{"a":1},"b":{"a":1}})");
}

TEST("json: the message gives file, line and column") {
  CHECK(has(refused("{\n  \"a\": 1,\n  \"b\": x\n}"), "t.json:3:8:"));
}

TEST("json: depth is bounded") {
  auto nested = [](int n) {
    return std::string(static_cast<size_t>(n), '[') + std::string(static_cast<size_t>(n), ']');
  };
  parsed(nested(64));
  CHECK(has(refused(nested(65)), "deep"));
  CHECK(has(refused(std::string(1000000, '[')), "deep"));
}

TEST("json: quoting round-trips") {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  text += "\uD55C\U0001F600";
  CHECK(parsed(json_quote(text)).string == text);
}

}  // namespace glossa
