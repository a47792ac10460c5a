// Which algorithm of the library makes which product, and the file that keeps this between runs.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "base/status.h"
#include "device/cuda/matmul_library.h"

namespace glossa {

// Products that one algorithm serves. The number of rows of activations, m, or k where these are summed over, counts by
// buckets: 16, 32, 64, 128, 256, 384, 512, 1024, 2048, 4096 ...
struct ProductKey {
  bool down_a, down_b;
  int64_t m, n, k;
  Dtype out;
  bool bias, accumulate;
  auto operator<=>(const ProductKey&) const = default;
};
int64_t row_bucket(int64_t rows);
ProductKey product_key(const MatmulShape&);

// No algorithm: the own kernel is the fastest, or the only one with its bits.
using ProductTable = std::map<ProductKey, std::optional<MatmulAlgorithm>>;

// The file's text. `about` (one line: card, driver, library, way of choosing) says what the table is true for; decoding
// fails with PRODUCT_TABLE_INVALID where it is of another, or where the text is not whole.
std::string encode_table(const ProductTable&, const std::string& about);
Result<ProductTable> decode_table(const std::string& text, const std::string& about);

// Where it is kept: a file in $XDG_CACHE_HOME/glossa or ~/.cache/glossa, named by `about`; "" where there is no such
// place.
std::string table_path(const std::string& about);
// Nothing where there is no file, or none of use.
ProductTable read_table(const std::string& path, const std::string& about);
// Also makes the folder.
Status write_table(const std::string& path, const ProductTable&, const std::string& about);

}  // namespace glossa
