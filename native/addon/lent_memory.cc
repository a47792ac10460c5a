#include "addon/lent_memory.h"

#include <cstdint>
#include <map>
#include <mutex>

namespace glossa::addon {
namespace {

struct Loan {
  size_t bytes;
  std::weak_ptr<const void> owner;
};

// Of the whole process: a buffer may end in another thread than it began in. Never destroyed: buffers may outlive
// static objects.
struct Loans {
  std::mutex mutex;
  std::map<uintptr_t, Loan> by_address;
};
Loans& loans() {
  static Loans* const all = new Loans;
  return *all;
}

uintptr_t address(const void* data) {
  return reinterpret_cast<uintptr_t>(data);
}

}  // namespace

void lend(const void* data, size_t bytes, const Owner& owner) {
  std::lock_guard<std::mutex> lock(loans().mutex);
  loans().by_address[address(data)] = {bytes, owner};
}

void end_loan(const void* data) {
  std::lock_guard<std::mutex> lock(loans().mutex);
  loans().by_address.erase(address(data));
}

Owner lender(const void* data, size_t bytes) {
  std::lock_guard<std::mutex> lock(loans().mutex);
  auto after = loans().by_address.upper_bound(address(data));
  if (after == loans().by_address.begin()) return nullptr;
  const auto& [begin, loan] = *--after;
  const size_t skipped = address(data) - begin;
  return skipped <= loan.bytes && bytes <= loan.bytes - skipped ? loan.owner.lock() : nullptr;
}

}  // namespace glossa::addon
