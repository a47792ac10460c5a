#include "addon/columns.h"
#include "addon/promise_job.h"

namespace glossa::addon {

void Progress::report(int64_t done, int64_t total, int64_t tokens) {
  const auto now = std::chrono::steady_clock::now();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    const bool waiting = latest_.has_value();
    latest_ = State{done, total, tokens};
    if (waiting) return;  // JavaScript is busy and will find the newer state
  }
  loop_->post([self = shared_from_this()](Napi::Env env) { self->deliver(env); });
}

void Progress::deliver(Napi::Env env) {
  State state{};
  {
    std::lock_guard<std::mutex> lock(mutex_);
    state = *latest_;
    latest_.reset();
  }
  if (callback_.IsEmpty()) return;
  Napi::Object event = Napi::Object::New(env);
  event.Set("done", Napi::Number::New(env, static_cast<double>(state.done)));
  event.Set("total", Napi::Number::New(env, static_cast<double>(state.total)));
  event.Set("tokens", Napi::Number::New(env, static_cast<double>(state.tokens)));
  callback_.Call({event});
}

void CompletedRows::report(Completed&& completed) {
  auto rows = std::make_shared<Completed>(std::move(completed));
  loop_->post([self = shared_from_this(), rows](Napi::Env env) {
    if (self->callback_.IsEmpty()) return;
    Napi::Object ragged = Napi::Object::New(env);
    ragged.Set("ids", column(env, rows->ids, rows));
    ragged.Set("offsets", column(env, rows->offsets, rows));
    Napi::Object event = Napi::Object::New(env);
    event.Set("rows", column(env, rows->rows, rows));
    event.Set("completions", ragged);
    event.Set("finish", column(env, rows->finish, rows));
    self->callback_.Call({event});
  });
}

}  // namespace glossa::addon
