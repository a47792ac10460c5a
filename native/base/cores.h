// The CPU limit that a container puts on this process.
#pragma once
#include <string>

namespace glossa {

// Cores by cgroup quota (quota / period), the smallest on the way from this process's group to the root; infinity if
// none. proc_cgroup: /proc/self/cgroup; mount: /sys/fs/cgroup. Understands cgroup v2 (cpu.max) and v1 (cpu.cfs_*).
double cgroup_cores(const std::string& proc_cgroup, const std::string& mount);

}  // namespace glossa
