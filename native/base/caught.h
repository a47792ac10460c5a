// Where exceptions end and errors become values: the calls of the engine and the jobs of the addon.
#pragma once
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/status.h"

namespace glossa {

// What goes wrong where no status can be returned, with its code.
class Fault : public std::runtime_error {
 public:
  Fault(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

// A device's memory has no room: how much there is.
class NoRoom : public std::bad_alloc {
 public:
  explicit NoRoom(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// The exception that is being handled, in a catch block. OUT_OF_MEMORY: the system gives no more memory, or threads,
// for `what`. A Fault: its own code. INTERNAL: any other, which is a fault of the program.
Status caught(const std::string& what);

}  // namespace glossa
