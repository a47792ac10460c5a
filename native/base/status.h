// Errors are values: a stable code and a message that names the file, tensor, shape or setting.
#pragma once
#include <string>
#include <utility>
#include <variant>

namespace glossa {

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(std::string code, std::string message) : code_(std::move(code)), message_(std::move(message)) {}
  bool ok() const { return code_.empty(); }
  const std::string& code() const { return code_; }  // e.g. "CHECKPOINT_CORRUPT"; empty when ok
  const std::string& message() const { return message_; }

 private:
  std::string code_, message_;
};

// A value or the status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Status status) : state_(std::move(status)) {}
  bool ok() const { return std::holds_alternative<T>(state_); }
  const Status& status() const { return std::get<Status>(state_); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  T take() { return std::move(std::get<T>(state_)); }

 private:
  std::variant<Status, T> state_;
};

}  // namespace glossa
