#include "base/cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "base/thread_pool.h"
#if defined(__linux__)
#include <sched.h>
#endif

namespace glossa {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

double ratio(double quota, double period) {
  return quota > 0 && period > 0 ? quota / period : kNoLimit;
}

double limit_v2(const std::string& dir) {
  std::ifstream file(dir + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max") return kNoLimit;
  return ratio(std::strtod(quota.c_str(), nullptr), period);
}

double limit_v1(const std::string& dir) {
  std::ifstream quota_file(dir + "/cpu.cfs_quota_us"), period_file(dir + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return kNoLimit;
  return ratio(quota, period);
}

// In a container the group's own path is often not mounted, only its content at the mount point: the walk ends there.
template <class Limit>
double smallest_on_path(const std::string& mount, std::string path, Limit limit) {
  double cores = kNoLimit;
  while (!path.empty() && path != "/") {
    cores = std::min(cores, limit(mount + path));
    path.erase(path.find_last_of('/'));
  }
  return std::min(cores, limit(mount));
}

bool names_cpu(const std::string& controllers) {
  std::istringstream in(controllers);
  for (std::string name; std::getline(in, name, ',');)
    if (name == "cpu") return true;
  return false;
}

int affinity_cores() {
#if defined(__linux__)
  // Machines with more than 1024 processors need a larger set than cpu_set_t.
  for (int size = 1024; size <= 1 << 17; size *= 4) {
    cpu_set_t* set = CPU_ALLOC(size);
    if (!set) break;
    const bool read = sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0;
    const int count = read ? CPU_COUNT_S(CPU_ALLOC_SIZE(size), set) : 0;
    CPU_FREE(set);
    if (read) return std::max(1, count);
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

double cgroup_cores(const std::string& proc_cgroup, const std::string& mount) {
  std::ifstream file(proc_cgroup);
  double cores = kNoLimit;
  for (std::string line; std::getline(file, line);) {  // "<id>:<controllers>:<path>"
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty()) {
      cores = std::min(cores, smallest_on_path(mount, path, limit_v2));
    } else if (names_cpu(controllers)) {
      cores = std::min(cores, smallest_on_path(mount + "/cpu", path, limit_v1));
      cores = std::min(cores, smallest_on_path(mount + "/" + controllers, path, limit_v1));
    }
  }
  return cores;
}

int available_cores() {
  const int cores = affinity_cores();
  const double quota = cgroup_cores("/proc/self/cgroup", "/sys/fs/cgroup");
  return quota < cores ? std::max(1, static_cast<int>(std::floor(quota))) : cores;
}

}  // namespace glossa
