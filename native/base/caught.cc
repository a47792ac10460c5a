#include "base/caught.h"

#include <exception>
#include <new>
#include <system_error>

namespace glossa {

Status caught(const std::string& what) {
  try {
    throw;
  } catch (const NoRoom& room) {
    return Status("OUT_OF_MEMORY",
                  "not enough memory for " + what + ": " + room.what() + "; use fewer slots or micro-batch tokens");
  } catch (const std::bad_alloc&) {
    return Status("OUT_OF_MEMORY", "not enough memory for " + what + "; use fewer slots or micro-batch tokens");
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      return Status("OUT_OF_MEMORY", "the system gives no more threads for " + what + "; use fewer threads");
    return Status("INTERNAL", what + ": " + error.what());
  } catch (const Fault& fault) {
    return Status(fault.code(), what + ": " + fault.what());
  } catch (const std::exception& error) {
    return Status("INTERNAL", what + ": " + error.what());
  } catch (...) {
    return Status("INTERNAL", what + ": an exception of an unknown type");
  }
}

}  // namespace glossa
