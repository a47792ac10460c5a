// Products by the library, as far as they have the own kernels' bits: then it does not matter which of the two makes a
// product, and the faster one does.
//
// The first time that a kind of product is wanted, every algorithm that the library proposes makes one of random
// operands, and must agree with the own kernel in every bit; those that do are timed beside it. The choice is kept for
// later runs, which prove it once more and time nothing.
#pragma once
#include <functional>
#include <memory>

#include "device/cuda/product_table.h"
#include "device/cuda/stream.h"

namespace glossa {

class LibraryProducts {
 public:
  struct Settings {
    std::string about;  // card, driver: what a choice holds for, beside the library's version
    std::string path;   // of the table: table_path, or "" for none
    bool fast = false;  // algorithms with other bits too: rows depend on how many they are
    // What a user should hear, once: no algorithm has the own kernel's bits, or none could be tried.
    std::function<void(const std::string&)> warn = {};
  };
  // Launches the own kernel.
  using OwnProduct = std::function<void(const MatmulShape&, const MatmulOperands&)>;

  LibraryProducts(Stream&, std::unique_ptr<MatmulLibrary>, OwnProduct, const Settings&);

  // Whether the library made the product. Where not, nothing has happened: the own kernel is to.
  bool multiply(const MatmulShape&, const MatmulOperands&);
  // Algorithms whose bits were not the own kernel's, so far.
  int64_t refused() const { return refused_; }

 private:
  using Choice = std::optional<MatmulAlgorithm>;
  Choice choose(const ProductKey&, const MatmulShape&, const MatmulOperands&);
  void tell(const char* what);

  Stream& stream_;
  const std::unique_ptr<MatmulLibrary> library_;
  const OwnProduct own_;
  const std::string about_, path_;
  const bool fast_;
  std::function<void(const std::string&)> warn_;
  ProductTable kept_;   // in the file
  ProductTable ready_;  // proved by this process
  int64_t refused_ = 0;
};

}  // namespace glossa
