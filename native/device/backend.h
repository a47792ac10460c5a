// Kinds of device beside the CPU that a build has. One adds itself before main begins, wherever it is linked in.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "device/open.h"

namespace glossa {

struct Backend {
  const char* name;  // what DeviceOptions::device begins with
  // How many devices of the kind this machine has; where it has none, why.
  Result<int> (*count)();
  std::string (*describe)(int index);  // name and memory, or why it cannot be used
  // Version and file of the library that makes its products, or what is missing; "": it has none. Touches no device.
  std::string (*library)();
  Result<std::unique_ptr<Device>> (*open)(const DeviceOptions&, int index, const ActivationPlan&);
};

struct AddBackend {
  explicit AddBackend(const Backend&);
};
const std::vector<Backend>& backends();

}  // namespace glossa
