#include "device/cuda/product_table.h"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "io/atomic_file.h"
#include "io/read_file.h"
#include "io/sha256.h"

namespace glossa {
namespace {

constexpr const char* kFirstLine = "glossa products 1";
constexpr const char* kDigits = "0123456789abcdef";

std::string digest(const std::string& text) {
  Sha256 hash;
  hash.add(text.data(), static_cast<int64_t>(text.size()));
  return hash.hex();
}

std::string hex(const MatmulAlgorithm& a) {
  std::string text;
  for (uint8_t byte : a.words) text += kDigits[byte / 16], text += kDigits[byte % 16];
  return text;
}
std::optional<MatmulAlgorithm> from_hex(const std::string& text) {
  MatmulAlgorithm a;
  if (text.size() != 2 * a.words.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const char* const digit = text[i] ? std::strchr(kDigits, text[i]) : nullptr;
    if (!digit) return std::nullopt;
    a.words[i / 2] = static_cast<uint8_t>(a.words[i / 2] * 16 + (digit - kDigits));
  }
  return a;
}

}  // namespace

int64_t row_bucket(int64_t rows) {
  for (int64_t b : {16, 32, 64, 128, 256, 384, 512})
    if (rows <= b) return b;
  int64_t b = 1024;
  while (b < rows) b *= 2;
  return b;
}

ProductKey product_key(const MatmulShape& s) {
  ProductKey key{s.down_a, s.down_b, s.m, s.n, s.k, s.out, s.bias, s.accumulate};
  int64_t& rows = s.down_a ? key.k : key.m;
  rows = row_bucket(rows);
  return key;
}

std::string encode_table(const ProductTable& table, const std::string& about) {
  std::ostringstream text;
  text << kFirstLine << "\n" << about << "\n";
  for (const auto& [key, algorithm] : table)
    text << key.down_a << " " << key.down_b << " " << key.m << " " << key.n << " " << key.k << " "
         << (key.out == Dtype::f32 ? "f32" : "bf16") << " " << key.bias << " " << key.accumulate << " "
         << (algorithm ? hex(*algorithm) : "own") << "\n";
  return text.str() + digest(text.str()) + "\n";
}

Result<ProductTable> decode_table(const std::string& text, const std::string& about) {
  const Status invalid("PRODUCT_TABLE_INVALID", "not a whole table of products for this card, driver and library");
  constexpr size_t kDigest = 65;
  if (text.size() < kDigest) return invalid;
  const std::string body = text.substr(0, text.size() - kDigest);
  if (text.substr(body.size()) != digest(body) + "\n") return invalid;
  std::istringstream lines(body);
  std::string line;
  if (!std::getline(lines, line) || line != kFirstLine || !std::getline(lines, line) || line != about) return invalid;
  ProductTable table;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    ProductKey key{};
    std::string out, way;
    if (!(words >> key.down_a >> key.down_b >> key.m >> key.n >> key.k >> out >> key.bias >> key.accumulate >> way))
      return invalid;
    key.out = out == "f32" ? Dtype::f32 : Dtype::bf16;
    const std::optional<MatmulAlgorithm> algorithm = from_hex(way);
    if (!algorithm && way != "own") return invalid;
    table[key] = algorithm;
  }
  return table;
}

std::string table_path(const std::string& about) {
  auto set = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value ? value : "");
  };
  std::string folder = set("XDG_CACHE_HOME");
  if (folder.empty() || folder[0] != '/') folder = set("HOME").empty() ? "" : set("HOME") + "/.cache";
  if (folder.empty()) return "";
  std::string name;
  for (char c : about) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.';
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  return folder + "/glossa/products-" + name + ".txt";
}

ProductTable read_table(const std::string& path, const std::string& about) {
  if (path.empty()) return {};
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return {};
  Result<ProductTable> table = decode_table(text.value(), about);
  return table.ok() ? table.take() : ProductTable{};
}

Status write_table(const std::string& path, const ProductTable& table, const std::string& about) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  const std::string text = encode_table(table, about);
  return write_file_atomic(path, text.data(), static_cast<int64_t>(text.size()));
}

}  // namespace glossa
