// The memory behind the arrays that the addon gave to JavaScript, so that a call which is given one back can read it
// where it lies. A buffer may be detached or collected at any time; Node-API has no reference against that, but the
// memory is ours and stays as long as somebody holds its owner.
#pragma once
#include <cstddef>
#include <memory>

namespace glossa::addon {

using Owner = std::shared_ptr<const void>;

// Any thread. `owner` keeps [data, data + bytes) alive; the loan ends when the buffer over it does.
void lend(const void* data, size_t bytes, const Owner& owner);
void end_loan(const void* data);
// Of the loan that [data, data + bytes) lies in; null where the memory is not ours.
Owner lender(const void* data, size_t bytes);

}  // namespace glossa::addon
